#pragma once
// One connection to PostgreSQL by libpq, in blocking calls that a WakeEvent can end.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/postgres/wake_event.hpp"
#include "protocol/error.hpp"

struct pg_conn;
struct pg_result;

namespace farshore::postgres {

// The answer to one statement.
class Answer {
  public:
    explicit Answer(pg_result* result) : result_(result, &clear) {}

    [[nodiscard]] int rows() const;
    [[nodiscard]] bool is_null(int row, int column) const;
    // Empty for NULL. Valid as long as the Answer.
    [[nodiscard]] std::string_view text(int row, int column) const;
    [[nodiscard]] std::int64_t integer(int row, int column) const;
    [[nodiscard]] bool boolean(int row, int column) const { return text(row, column) == "t"; }
    // How many rows an INSERT, UPDATE or DELETE touched.
    [[nodiscard]] std::uint64_t affected() const;
    [[nodiscard]] const pg_result* raw() const { return result_.get(); }

  private:
    static void clear(pg_result* result);

    std::unique_ptr<pg_result, void (*)(pg_result*)> result_;
};

struct ConnectOptions {
    bool replication = false;  // replication=database
    std::string application = "farshore";
};

// Invariants: every session speaks UTF-8, ISO dates, UTC, hex bytea, the C locale for money and has
// search_path pg_catalog, so a value's text is the same on both sides. Not thread-safe.
class Connection {
  public:
    // Throws Error(database_unavailable), or Error(database_refused) for a wrong password, role,
    // database or conninfo; Error(cancelled) when `stop` is set.
    Connection(const std::string& conninfo, const WakeEvent& stop, const ConnectOptions& options);

    // One or more statements without parameters. Throws by the statement's SQLSTATE: see
    // to_error().
    Answer execute(const std::string& sql);
    // One statement with text parameters; nullopt is NULL.
    Answer execute(const std::string& sql, std::span<const std::optional<std::string>> parameters);
    // As execute(), but a failure is a value.
    [[nodiscard]] Result<Answer> try_execute(const std::string& sql);
    // The SQLSTATE of the last statement that failed.
    [[nodiscard]] const std::string& last_sqlstate() const { return last_sqlstate_; }

    [[nodiscard]] std::string quote_name(std::string_view name) const;
    [[nodiscard]] std::string quote_literal(std::string_view text) const;
    [[nodiscard]] int server_version() const;  // 150020
    [[nodiscard]] pg_conn* raw() const { return connection_.get(); }
    [[nodiscard]] const WakeEvent& stop() const { return *stop_; }

    // Waits until the socket is readable (or writable), or `timeout`. Throws Error(cancelled) when
    // the stop event is set.
    bool wait_readable(Duration timeout) const;
    // The next result of what was sent, or nullopt when there is none; ends with Error(cancelled).
    [[nodiscard]] std::optional<Answer> next_answer();
    // Throws when `answer` is a failure.
    void require_success(const Answer& answer, std::string_view deed);
    [[noreturn]] void fail(std::string_view deed) const;

  private:
    void connect(const std::string& conninfo, const ConnectOptions& options);
    Answer collect(const std::string& sql);
    void cancel() const;

    std::unique_ptr<pg_conn, void (*)(pg_conn*)> connection_;
    const WakeEvent* stop_;
    std::string last_sqlstate_;
};

// What an SQLSTATE asks the caller to do.
[[nodiscard]] ErrorCode error_code_of(std::string_view sqlstate);

}  // namespace farshore::postgres
