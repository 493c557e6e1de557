#pragma once
// One connection to PostgreSQL by libpq, in blocking calls that a WakeEvent can end.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/postgres/answer.hpp"
#include "agent/postgres/wake_event.hpp"
#include "protocol/error.hpp"

struct pg_conn;

namespace farshore::postgres {

enum class ConnectionKind : std::uint8_t { ordinary, replication };

// A text parameter; nullopt is NULL.
using Parameter = std::optional<std::string>;

// Invariants: every session speaks UTF-8, ISO dates, UTC, hex bytea and the C locale for money, and
// has nothing but pg_catalog on its search_path: so a value has the same text on both sides, and
// nothing that a user made stands in for an operator of ours. Not thread-safe.
class Connection {
  public:
    // `stop` outlives the connection; once it is set every call throws Error(cancelled). Throws
    // Error(database_unavailable), or Error(database_refused) for a wrong password, role, database
    // or conninfo.
    Connection(const std::string& conninfo, const WakeEvent& stop,
               ConnectionKind kind = ConnectionKind::ordinary);

    // One or more statements without parameters; the answer to the last one. Throws: see require().
    Answer execute(const std::string& sql);
    // One statement with parameters $1, $2 …
    Answer execute(const std::string& sql, const std::vector<Parameter>& parameters);
    // As execute(), but a failed statement is an Answer too.
    Answer attempt(const std::string& sql);

    [[nodiscard]] std::string quote_name(std::string_view name) const;
    // schema.name
    [[nodiscard]] std::string quote_name(std::string_view schema, std::string_view name) const;
    [[nodiscard]] std::string quote_literal(std::string_view text) const;
    [[nodiscard]] int server_version() const;  // 150020 is 15.20
    [[nodiscard]] pg_conn* raw() const { return connection_.get(); }
    [[nodiscard]] const WakeEvent& stop() const { return *stop_; }

    // Waits until there is something to read, or `timeout`.
    bool wait_readable(Duration timeout) const;
    void wait_writable() const;
    // The next answer to what was sent, or nullopt when that is answered.
    [[nodiscard]] std::optional<Answer> next_answer();
    // Throws the Error that a failed answer stands for (sql_error.hpp).
    void require(const Answer& answer) const;
    // The same for a failure of libpq itself: the connection is gone.
    [[noreturn]] void lost() const;

  private:
    void open(const std::string& conninfo, ConnectionKind kind);
    Answer collect();
    bool wait(short events, Duration timeout) const;
    void cancel() const;

    std::unique_ptr<pg_conn, void (*)(pg_conn*)> connection_;
    const WakeEvent* stop_;
};

// BEGIN when made, ROLLBACK when destroyed without commit().
class Transaction {
  public:
    // `begin`: "BEGIN", or with an isolation level.
    explicit Transaction(Connection& connection, const std::string& begin = "BEGIN");
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    void commit();

  private:
    Connection& connection_;
    bool open_ = true;
};

}  // namespace farshore::postgres
