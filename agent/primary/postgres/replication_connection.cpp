#include "agent/primary/postgres/replication_connection.hpp"

#include <libpq-fe.h>

#include <algorithm>

#include "agent/postgres/sql_error.hpp"
#include "protocol/limits.hpp"
#include "protocol/message_database.hpp"

namespace farshore::primary {

namespace {

constexpr std::int64_t postgres_epoch_seconds = 946'684'800;  // 2000-01-01
constexpr std::size_t change_header_bytes = 1 + 8 + 8 + 8;
constexpr std::size_t keepalive_bytes = 1 + 8 + 8 + 1;
constexpr char copy_both_response = 'W';
constexpr char copy_data = 'd';
constexpr char ready_for_query = 'Z';
// A change that is handed out whole: it fits into a frame.
constexpr std::size_t whole_bytes =
    change_header_bytes + limits::payload_piece - DatabaseChanges::record_header_bytes;
static_assert(whole_bytes <= postgres::MessageReader::buffer_bytes);
constexpr auto longest_status_interval = Duration::from_ms(10'000);

std::uint64_t read_u64(std::string_view bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 8; ++i) {
        value = (value << 8U) | static_cast<unsigned char>(bytes[i]);
    }
    return value;
}

void append_u64(std::string& to, std::uint64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8) {
        to.push_back(static_cast<char>((value >> shift) & 0xffU));
    }
}

Lsn lsn_of(std::string_view text) {
    Lsn lsn;
    if (!parse_lsn(text, lsn)) {
        throw Error(ErrorCode::malformed,
                    "the server sent \"" + std::string(text) + "\" where an LSN belongs");
    }
    return lsn;
}

// `bytes`: all of it, or what a change of `missing` more bytes begins with.
ReplicationEvent parse_event(std::string_view bytes, std::size_t missing) {
    ReplicationEvent event;
    if (bytes.size() > change_header_bytes && bytes[0] == 'w') {
        event.kind = ReplicationEvent::Kind::change;
        event.lsn = Lsn(read_u64(bytes.substr(1)));
        event.message = bytes.substr(change_header_bytes);
        event.missing_bytes = missing;
    } else if (bytes.size() == keepalive_bytes && bytes[0] == 'k') {
        event.kind = ReplicationEvent::Kind::keepalive;
        event.lsn = Lsn(read_u64(bytes.substr(1)));
        event.wants_reply = bytes.back() != 0;
    } else {
        throw Error(ErrorCode::malformed, "the server sent an unknown replication message");
    }
    return event;
}

}  // namespace

ReplicationConnection::ReplicationConnection(const std::string& conninfo,
                                             const postgres::WakeEvent& stop)
    : connection_(conninfo, stop, postgres::ConnectionKind::replication) {}

SystemFacts ReplicationConnection::identify() {
    const postgres::Answer answer = connection_.execute("IDENTIFY_SYSTEM");
    return {std::string(answer.text(0, 0)), static_cast<std::uint32_t>(answer.integer(0, 1)),
            lsn_of(answer.text(0, 2))};
}

Duration ReplicationConnection::status_interval() {
    const postgres::Answer answer =
        connection_.execute("SELECT setting FROM pg_settings WHERE name = 'wal_sender_timeout'");
    const std::int64_t timeout_ms = answer.integer(0, 0);
    return timeout_ms == 0 ? longest_status_interval
                           : std::min(longest_status_interval, Duration::from_ms(timeout_ms / 3));
}

std::string ReplicationConnection::timeline_history(std::uint32_t timeline) {
    return std::string(
        connection_.execute("TIMELINE_HISTORY " + std::to_string(timeline)).text(0, 1));
}

CreatedSlot ReplicationConnection::create_slot(const std::string& name) {
    const bool can_fail_over = connection_.server_version() >= 170000;
    return make_slot(connection_.quote_name(name) + " LOGICAL pgoutput " +
                     (can_fail_over ? "(SNAPSHOT 'export', FAILOVER true)" : "EXPORT_SNAPSHOT"));
}

CreatedSlot ReplicationConnection::create_temporary_slot() {
    const std::string pid(connection_.execute("SELECT pg_backend_pid()").text(0, 0));
    return make_slot("farshore_copy_" + pid + " TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT");
}

CreatedSlot ReplicationConnection::make_slot(const std::string& description) {
    const postgres::Answer answer = connection_.execute("CREATE_REPLICATION_SLOT " + description);
    return {lsn_of(answer.text(0, 1)), std::string(answer.text(0, 2))};
}

void ReplicationConnection::drop_slot(const std::string& name) {
    const postgres::Answer answer =
        connection_.attempt("DROP_REPLICATION_SLOT " + connection_.quote_name(name));
    if (answer.sqlstate() != postgres::sqlstate::undefined_object) {
        connection_.require(answer);
    }
}

void ReplicationConnection::set_memory(std::uint64_t bytes) {
    connection_.execute("SET logical_decoding_work_mem = '" + std::to_string(bytes >> 10U) + "kB'");
}

void ReplicationConnection::start(const std::string& slot, const std::string& publication,
                                  Lsn from) {
    const std::string sql = "START_REPLICATION SLOT " + connection_.quote_name(slot) + " LOGICAL " +
                            to_string(from) + " (proto_version '1', publication_names " +
                            connection_.quote_literal(connection_.quote_name(publication)) + ")";
    if (!reader_) {
        reader_.emplace(connection_);
    }
    reader_->send_query(sql);
    char answer = reader_->next().type;
    while (answer == ready_for_query) {  // of an attempt that was refused
        answer = reader_->next().type;
    }
    if (answer != copy_both_response) {
        throw Error(ErrorCode::database_refused,
                    std::string("the server does not stream changes: it answers with ") + answer);
    }
}

ReplicationEvent ReplicationConnection::receive() {
    if (!beginning_) {
        beginning_ = reader_->poll();
        if (!beginning_) {
            return {};
        }
        if (beginning_->type != copy_data) {
            // It may have said why: that was thrown as an error.
            throw Error(ErrorCode::database_unavailable,
                        "the connection to the database is lost: the server ends the stream");
        }
    }
    const std::size_t begins = std::min(beginning_->bytes, whole_bytes);
    const auto bytes = reader_->exactly(begins);
    if (!bytes) {
        return {};
    }
    beginning_.reset();
    return parse_event(*bytes, reader_->unread_bytes());
}

void ReplicationConnection::send(const ReplicationStatus& status) {
    std::string message = "r";
    append_u64(message, status.written.value());
    append_u64(message, status.confirmed.value());
    append_u64(message, status.confirmed.value());
    const std::int64_t micros = status.now.nanoseconds / 1000 - postgres_epoch_seconds * 1'000'000;
    append_u64(message, static_cast<std::uint64_t>(micros));
    message.push_back(status.wants_reply ? '\1' : '\0');
    reader_->send(copy_data, message);
}

int ReplicationConnection::socket() const {
    return PQsocket(connection_.raw());
}

}  // namespace farshore::primary
