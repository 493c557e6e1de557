#include "agent/secondary/postgres/detach.hpp"

#include "agent/postgres/connection.hpp"
#include "agent/secondary/postgres/replica_progress.hpp"

namespace farshore::secondary {

std::vector<std::string> detach_replica(const StreamName& stream,
                                        const config::Database& database) {
    const postgres::WakeEvent never;
    postgres::Connection connection(database.connection, never);
    connection.execute("SET client_min_messages = warning");
    std::vector<std::string> removed;
    if (!read_progress(connection, stream, database.name)) {
        return removed;
    }
    connection.execute("DELETE FROM farshore.progress WHERE stream = $1 AND database = $2",
                       {stream.str(), database.name.str()});
    removed.push_back("the progress of stream " + stream.str());
    if (connection.execute("SELECT FROM farshore.progress").rows() == 0) {
        connection.execute("DROP SCHEMA farshore CASCADE");
        removed.emplace_back("schema farshore");
    }
    return removed;
}

}  // namespace farshore::secondary
