#pragma once
// A connection whose transaction sees the database as it was at one moment.

#include <string>

#include "agent/postgres/connection.hpp"

namespace farshore::postgres {

class Snapshot {
  public:
    // As it is now; or, with a name, as the exporter of that snapshot sees it.
    Snapshot(const std::string& conninfo, const WakeEvent& stop, const std::string& name = "");

    [[nodiscard]] Connection& connection() { return connection_; }

  private:
    Connection connection_;
};

}  // namespace farshore::postgres
