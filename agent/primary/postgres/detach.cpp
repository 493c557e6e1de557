#include "agent/primary/postgres/detach.hpp"

#include "agent/postgres/connection.hpp"
#include "agent/postgres/sql_error.hpp"
#include "agent/primary/postgres/object_names.hpp"

namespace farshore::primary {

namespace {

// A lock that is not to be had in a moment is asked for again: whoever wants the table meanwhile
// does not wait behind us.
constexpr int detach_attempts = 300;
constexpr auto detach_pause = Duration::from_ms(100);

class Detaching {
  public:
    Detaching(postgres::Connection& connection, const StreamName& stream)
        : connection_(connection), stream_(stream) {}

    std::vector<std::string> run() {
        connection_.execute("SET client_min_messages = warning");
        connection_.execute("SET lock_timeout = '100ms'");
        drop_slots();
        drop_publication();
        const auto others =
            connection_.execute("SELECT FROM pg_publication WHERE pubname LIKE 'farshore\\_%'");
        if (others.rows() == 0) {
            drop_triggers();
            restore_identities();
            drop_schema();
        }
        return std::move(removed_);
    }

  private:
    void patiently(const std::string& sql) {
        for (int attempt = 1;; ++attempt) {
            const postgres::Answer answer = connection_.attempt(sql);
            if (answer.sqlstate() != postgres::sqlstate::lock_not_available) {
                connection_.require(answer);
                return;
            }
            if (attempt == detach_attempts) {
                throw Error(ErrorCode::database_unavailable,
                            "a long transaction holds a lock that is needed for " + sql +
                                ": call detach again when it has ended");
            }
            (void)connection_.stop().wait(detach_pause);
        }
    }

    void drop_slots() {
        const postgres::Answer slots = connection_.execute(
            "SELECT slot_name FROM pg_replication_slots WHERE starts_with(slot_name, $1)"
            " AND database = current_database()",
            {slot_prefix(stream_)});
        for (int row = 0; row < slots.rows(); ++row) {
            const std::string name(slots.text(row, 0));
            connection_.execute("SELECT pg_drop_replication_slot($1)", {name});
            removed_.push_back("replication slot " + name);
        }
    }

    void drop_publication() {
        const std::string name = publication_name(stream_);
        if (connection_.execute("SELECT FROM pg_publication WHERE pubname = $1", {name}).rows() >
            0) {
            patiently("DROP PUBLICATION " + connection_.quote_name(name));
            removed_.push_back("publication " + name);
        }
    }

    void restore_identities() {
        if (connection_.execute("SELECT to_regclass('farshore.replica_identity')").is_null(0, 0)) {
            return;
        }
        const postgres::Answer tables = connection_.execute(
            "SELECT i.table_schema, i.table_name, i.previous FROM farshore.replica_identity i"
            " JOIN pg_namespace n ON n.nspname = i.table_schema"
            " JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = i.table_name"
            " WHERE c.relreplident = 'f'");
        for (int row = 0; row < tables.rows(); ++row) {
            const std::string name =
                connection_.quote_name(tables.text(row, 0), tables.text(row, 1));
            patiently("ALTER TABLE ONLY " + name + " REPLICA IDENTITY " +
                      (tables.text(row, 2) == "n" ? "NOTHING" : "DEFAULT"));
            removed_.push_back("REPLICA IDENTITY FULL of table " + name);
        }
    }

    // First, or they would tell of what follows.
    void drop_triggers() {
        const postgres::Answer triggers = connection_.execute(
            "SELECT evtname FROM pg_event_trigger WHERE evtname LIKE 'farshore\\_%' ORDER BY 1");
        for (int row = 0; row < triggers.rows(); ++row) {
            const std::string name(triggers.text(row, 0));
            patiently("DROP EVENT TRIGGER " + connection_.quote_name(name));
            removed_.push_back("event trigger " + name);
        }
    }

    void drop_schema() {
        if (connection_.execute("SELECT FROM pg_namespace WHERE nspname = 'farshore'").rows() > 0) {
            patiently("DROP SCHEMA farshore CASCADE");
            removed_.emplace_back("schema farshore");
        }
    }

    postgres::Connection& connection_;
    const StreamName& stream_;
    std::vector<std::string> removed_;
};

}  // namespace

std::vector<std::string> detach_database(const StreamName& stream,
                                         const config::Database& database) {
    const postgres::WakeEvent never;
    postgres::Connection connection(database.connection, never);
    return Detaching(connection, stream).run();
}

}  // namespace farshore::primary
