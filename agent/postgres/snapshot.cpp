#include "agent/postgres/snapshot.hpp"

namespace farshore::postgres {

Snapshot::Snapshot(const std::string& conninfo, const WakeEvent& stop, const std::string& name)
    : connection_(conninfo, stop) {
    connection_.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY");
    // The first statement takes the snapshot.
    connection_.execute(
        name.empty() ? "SELECT 1" : "SET TRANSACTION SNAPSHOT " + connection_.quote_literal(name));
}

}  // namespace farshore::postgres
