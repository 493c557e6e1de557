#include "agent/postgres/connection.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "agent/postgres/sql_error.hpp"
#include "agent/runtime/log.hpp"

namespace farshore::postgres {

namespace {

constexpr auto forever = Duration::from_ms(3'600'000);
// For each step of making a connection.
constexpr auto patience = Duration::from_ms(15'000);

// One statement each: the walsender takes no other.
constexpr std::array session_settings{
    "SET datestyle = 'ISO, YMD'",
    "SET intervalstyle = 'postgres'",
    "SET timezone = 'UTC'",
    "SET bytea_output = 'hex'",
    "SET extra_float_digits = 3",
    "SET lc_monetary = 'C'",
    "SET lc_numeric = 'C'",
    "SET xmlbinary = 'base64'",
    "SET search_path = 'pg_catalog'",
    // A row that a policy hides is an error, never left out.
    "SET row_security = off",
    // A guest: never in anyone's way for want of a setting.
    "SET statement_timeout = 0",
    "SET idle_in_transaction_session_timeout = 0",
    "SET default_transaction_read_only = off",
    "SET default_transaction_isolation = 'read committed'",
};

void finish(pg_conn* connection) {
    PQfinish(connection);
}

std::string one_line(std::string_view text) {
    std::string line(text.substr(0, text.find_last_not_of(" \n") + 1));
    std::replace(line.begin(), line.end(), '\n', ' ');
    return line;
}

// What a server says beside its answers; libpq would print it raw.
void take_notice(void*, const char* message) {
    log::debug("PostgreSQL: {}", one_line(message));
}

// libpq tells no SQLSTATE for a connection that was refused; these will not get better by waiting.
bool is_refusal(std::string_view message) {
    constexpr std::array<std::string_view, 8> refusals{
        "authentication failed",     "does not exist",
        "no pg_hba.conf entry",      "no password supplied",
        "invalid connection option", "missing \"=\"",
        "definition of service",     "must be superuser or replication role"};
    return std::any_of(refusals.begin(), refusals.end(), [message](std::string_view part) {
        return message.find(part) != std::string_view::npos;
    });
}

}  // namespace

Connection::Connection(const std::string& conninfo, const WakeEvent& stop, ConnectionKind kind)
    : connection_(nullptr, &finish), stop_(&stop) {
    open(conninfo, kind);
    for (const char* setting : session_settings) {
        execute(setting);
    }
}

void Connection::open(const std::string& conninfo, ConnectionKind kind) {
    // dbname is expanded as a conninfo; what stands behind it overrides it.
    // A host that has gone while it was to answer is noticed after 25 s, not after the kernel's two
    // hours.
    const std::array<const char*, 10> keywords{"keepalives_idle",
                                               "keepalives_interval",
                                               "keepalives_count",
                                               "dbname",
                                               "client_encoding",
                                               "fallback_application_name",
                                               "tcp_user_timeout",
                                               "replication",
                                               nullptr,
                                               nullptr};
    const std::array<const char*, 10> values{
        "10",    "5",        "3",     conninfo.c_str(),
        "UTF8",  "farshore", "60000", kind == ConnectionKind::replication ? "database" : nullptr,
        nullptr, nullptr};
    connection_.reset(PQconnectStartParams(keywords.data(), values.data(), 1));
    PQsetNoticeProcessor(raw(), &take_notice, nullptr);
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    while (PQstatus(raw()) != CONNECTION_BAD && state != PGRES_POLLING_OK &&
           state != PGRES_POLLING_FAILED) {
        const bool reads = state == PGRES_POLLING_READING;
        // libpq's own connect_timeout is not for connections that are made step by step.
        if (!wait(reads ? POLLIN : POLLOUT, patience) && reads) {
            throw Error(ErrorCode::database_unavailable,
                        "cannot connect to the database: the server has taken the connection and "
                        "says nothing");
        }
        state = PQconnectPoll(raw());
    }
    if (PQstatus(raw()) != CONNECTION_OK) {
        const std::string message = one_line(PQerrorMessage(raw()));
        throw Error(
            is_refusal(message) ? ErrorCode::database_refused : ErrorCode::database_unavailable,
            "cannot connect to the database: " + message);
    }
}

// False when nothing has come within `timeout`.
bool Connection::wait(short events, Duration timeout) const {
    std::array<pollfd, 2> polls{pollfd{PQsocket(raw()), events, 0},
                                pollfd{stop_->descriptor(), POLLIN, 0}};
    const int ms = static_cast<int>(timeout.nanoseconds / 1'000'000);
    if (poll(polls.data(), polls.size(), ms) < 0 && errno != EINTR) {
        lost();
    }
    if (polls[1].revents != 0) {
        cancel();
        throw Error(ErrorCode::cancelled, "the agent stops");
    }
    return polls[0].revents != 0;
}

void Connection::cancel() const {
    const std::unique_ptr<PGcancel, void (*)(PGcancel*)> request(PQgetCancel(raw()), &PQfreeCancel);
    if (request != nullptr && PQtransactionStatus(raw()) == PQTRANS_ACTIVE) {
        std::array<char, 256> ignored{};
        PQcancel(request.get(), ignored.data(), static_cast<int>(ignored.size()));
    }
}

bool Connection::wait_readable(Duration timeout) const {
    wait(POLLIN, timeout);
    pollfd readable{PQsocket(raw()), POLLIN, 0};
    return poll(&readable, 1, 0) > 0;
}

void Connection::wait_writable() const {
    wait(POLLIN | POLLOUT, forever);
}

std::optional<Answer> Connection::next_answer() {
    while (PQisBusy(raw()) != 0) {
        wait(POLLIN, forever);
        if (PQconsumeInput(raw()) == 0) {
            lost();
        }
    }
    pg_result* result = PQgetResult(raw());
    if (result == nullptr && PQstatus(raw()) != CONNECTION_OK) {
        lost();
    }
    return result == nullptr ? std::nullopt : std::optional<Answer>(std::in_place, result);
}

// The last answer; an earlier one when that is a failure.
Answer Connection::collect() {
    std::optional<Answer> last;
    while (auto answer = next_answer()) {
        const bool copies = PQresultStatus(answer->raw()) == PGRES_COPY_IN ||
                            PQresultStatus(answer->raw()) == PGRES_COPY_OUT ||
                            PQresultStatus(answer->raw()) == PGRES_COPY_BOTH;
        if (!last || !last->is_failure()) {
            last = std::move(answer);
        }
        if (copies) {
            break;
        }
    }
    if (!last) {
        lost();
    }
    return std::move(*last);
}

Answer Connection::attempt(const std::string& sql) {
    if (PQsendQuery(raw(), sql.c_str()) == 0) {
        lost();
    }
    return collect();
}

Answer Connection::execute(const std::string& sql) {
    Answer answer = attempt(sql);
    require(answer);
    return answer;
}

Answer Connection::execute(const std::string& sql, const std::vector<Parameter>& parameters) {
    std::vector<const char*> values;
    values.reserve(parameters.size());
    for (const Parameter& parameter : parameters) {
        values.push_back(parameter ? parameter->c_str() : nullptr);
    }
    if (PQsendQueryParams(raw(), sql.c_str(), static_cast<int>(values.size()), nullptr,
                          values.data(), nullptr, nullptr, 0) == 0) {
        lost();
    }
    Answer answer = collect();
    require(answer);
    return answer;
}

void Connection::require(const Answer& answer) const {
    if (answer.is_failure()) {
        const std::string message = one_line(PQresultErrorMessage(answer.raw()));
        throw Error(error_code_of(answer.sqlstate()), "the database says: " + message);
    }
}

void Connection::lost() const {
    throw Error(ErrorCode::database_unavailable,
                "the connection to the database is lost: " + one_line(PQerrorMessage(raw())));
}

std::string Connection::quote_name(std::string_view name) const {
    const std::unique_ptr<char, void (*)(void*)> quoted(
        PQescapeIdentifier(raw(), name.data(), name.size()), &PQfreemem);
    if (quoted == nullptr) {
        throw Error(ErrorCode::malformed, "a name that is not UTF-8");
    }
    return quoted.get();
}

std::string Connection::quote_name(std::string_view schema, std::string_view name) const {
    return quote_name(schema) + "." + quote_name(name);
}

std::string Connection::quote_literal(std::string_view text) const {
    const std::unique_ptr<char, void (*)(void*)> quoted(
        PQescapeLiteral(raw(), text.data(), text.size()), &PQfreemem);
    if (quoted == nullptr) {
        throw Error(ErrorCode::malformed, "a text that is not UTF-8");
    }
    return quoted.get();
}

int Connection::server_version() const {
    return PQserverVersion(raw());
}

Transaction::Transaction(Connection& connection, const std::string& begin)
    : connection_(connection) {
    connection_.execute(begin);
}

Transaction::~Transaction() {
    if (open_) {
        try {
            (void)connection_.attempt("ROLLBACK");
        } catch (const Error&) {
            // The connection is gone, and the transaction with it.
        }
    }
}

void Transaction::commit() {
    open_ = false;
    connection_.execute("COMMIT");
}

}  // namespace farshore::postgres
