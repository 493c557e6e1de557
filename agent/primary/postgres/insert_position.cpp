#include "agent/primary/postgres/insert_position.hpp"

#include "agent/postgres/sql_error.hpp"
#include "agent/primary/postgres/ddl_capture.hpp"
#include "agent/primary/postgres/identity_guard.hpp"
#include "agent/primary/postgres/object_names.hpp"
#include "agent/primary/postgres/publication.hpp"

namespace farshore::primary {

namespace {

// A walsender takes a moment to end.
constexpr int drop_attempts = 50;
constexpr auto drop_pause = Duration::from_ms(100);
constexpr std::uint64_t page_bytes = 8192;
// Read while writers wait: a larger table is named instead.
constexpr std::uint64_t adopted_table_bytes = 64ULL << 20;
constexpr std::uint64_t page_header_bytes = 24;
constexpr std::uint64_t segment_page_header_bytes = 40;  // of a segment's first page

Lsn parse(std::string_view text) {
    Lsn lsn;
    if (!parse_lsn(text, lsn)) {
        throw Error(ErrorCode::internal,
                    "the database answered \"" + std::string(text) + "\" where an LSN belongs");
    }
    return lsn;
}

}  // namespace

Lsn without_page_header(Lsn lsn, std::uint64_t segment_bytes) {
    const std::uint64_t in_page = lsn.value() % page_bytes;
    const bool first_page = lsn.value() % segment_bytes < page_bytes;
    const std::uint64_t header = first_page ? segment_page_header_bytes : page_header_bytes;
    return in_page == header ? Lsn(lsn.value() - header) : lsn;
}

InsertPosition::InsertPosition(StreamName stream, config::Database database)
    : stream_(std::move(stream)), database_(std::move(database)) {}

// Asks on the connection that there is; when that had died meanwhile, once more on a new one.
template <typename F>
auto InsertPosition::ask(F&& question) {
    const bool had_one = connection_ != nullptr;
    try {
        if (!had_one) {
            connection_ = std::make_unique<postgres::Connection>(database_.connection, stop_);
        }
        return question(*connection_);
    } catch (const Error& error) {
        connection_.reset();
        identity_.reset();
        if (!had_one || error.code() != ErrorCode::database_unavailable) {
            throw;
        }
    }
    connection_ = std::make_unique<postgres::Connection>(database_.connection, stop_);
    return question(*connection_);
}

InsertPosition::LogEnd InsertPosition::read() {
    return ask([this](postgres::Connection& connection) {
        // Behind one connection there is one cluster.
        if (!identity_) {
            identity_ = read_identity(connection);
        }
        const Lsn end = parse(connection.execute("SELECT pg_current_wal_insert_lsn()").text(0, 0));
        return LogEnd{.system = identity_->system_identifier,
                      .lsn = without_page_header(end, identity_->segment_bytes)};
    });
}

SlotFacts InsertPosition::slot(const AgentName& peer) {
    return ask([&](postgres::Connection& connection) {
        const postgres::Answer answer = connection.execute(
            "SELECT active, coalesce(wal_status, ''), safe_wal_size,"
            " coalesce(pg_current_wal_insert_lsn() - restart_lsn, 0)::bigint,"
            " coalesce(confirmed_flush_lsn, '0/0') FROM pg_replication_slots WHERE slot_name = $1",
            {slot_name(stream_, peer)});
        SlotFacts facts;
        if (answer.rows() == 0) {
            return facts;
        }
        facts.exists = true;
        facts.active = answer.boolean(0, 0);
        facts.wal_status = answer.text(0, 1);
        if (!answer.is_null(0, 2)) {
            facts.safe_wal_bytes = answer.integer(0, 2);
        }
        facts.retained_bytes =
            static_cast<std::uint64_t>(std::max<std::int64_t>(0, answer.integer(0, 3)));
        facts.confirmed = parse(answer.text(0, 4));
        facts.limit_bytes = database_.slot_limit_bytes;
        return facts;
    });
}

void InsertPosition::give_up(const AgentName& peer) {
    const std::string name = slot_name(stream_, peer);
    ask([&](postgres::Connection& connection) {
        for (int attempt = 1;; ++attempt) {
            connection.execute(
                "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots"
                " WHERE slot_name = $1 AND active",
                {name});
            // One that we are told of may be gone when we get there.
            const postgres::Answer dropped = connection.attempt(
                "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
                " WHERE slot_name = " +
                connection.quote_literal(name));
            const bool in_use = dropped.sqlstate() == postgres::sqlstate::object_in_use;
            if (dropped.sqlstate() == postgres::sqlstate::undefined_object) {
                return true;
            }
            if (!in_use || attempt == drop_attempts || connection.stop().wait(drop_pause)) {
                connection.require(dropped);
                return true;
            }
        }
    });
}

ServerIdentity InsertPosition::identity() {
    return ask([](postgres::Connection& connection) { return read_identity(connection); });
}

std::vector<std::string> InsertPosition::uncovered() {
    return ask([this](postgres::Connection& connection) {
        return list_uncovered(connection, stream_, database_);
    });
}

SequenceMap InsertPosition::sequences() {
    return ask([](postgres::Connection& connection) { return read_sequences(connection); });
}

void InsertPosition::adopt_tables() {
    ask([this](postgres::Connection& connection) {
        const std::string publication = publication_name(stream_);
        if (Publication(connection, publication).exists()) {
            require_own_schema(connection);
            primary::adopt_tables(connection, publication, adopted_table_bytes);
            trim_ddl(connection);
        }
        return 0;
    });
}

void InsertPosition::check(const std::vector<AgentName>& peers) {
    std::vector<std::string> slots;
    slots.reserve(peers.size());
    for (const AgentName& peer : peers) {
        slots.push_back(slot_name(stream_, peer));
    }
    ask([&](postgres::Connection& connection) { check_database(connection, slots); });
}

}  // namespace farshore::primary
