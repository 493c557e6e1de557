#pragma once
// The gaps of the primary's databases, each with the number by which people name it: kept from the
// moment it is seen, so that a mark names it whatever happens before.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/identifiers.hpp"
#include "protocol/time.hpp"
#include "storage/state/sqlite.hpp"

namespace farshore::storage {

struct StoredGap {
    std::uint64_t id = 0;  // never given again
    SourceName database;
    AgentName peer;    // that has lost something
    std::string what;  // "": the whole database, else the table
    std::string reason;
    Timestamp since;
    std::optional<Timestamp> closed;
    bool told = false;  // named by a committed mark
};

// Invariants: a gap is taken out by nobody; what is closed and told is history. Not thread-safe:
// one for each connection.
class DatabaseGaps {
  public:
    explicit DatabaseGaps(Database& database) : database_(database) {}

    // --- durable when they return
    // Its number.
    std::uint64_t open(const StoredGap& gap);
    void close(std::uint64_t id, Timestamp at);
    void set_told(const std::vector<std::uint64_t>& ids);

    // Those that are open, or that no mark has named yet; oldest first.
    [[nodiscard]] std::vector<StoredGap> standing();

  private:
    Database& database_;
};

}  // namespace farshore::storage
