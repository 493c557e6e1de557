#pragma once
// Statements to the replica without waiting for each answer (libpq's pipeline mode).

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "agent/postgres/connection.hpp"
#include "agent/secondary/postgres/row_values.hpp"
#include "protocol/identifiers.hpp"

namespace farshore::secondary {

// What a row's statement was for: named when it fails.
struct RowDeed {
    const char* verb = "";  // "insert", "update", "delete"
    std::string table;
    std::string key;
    Lsn lsn;
    std::uint32_t relation = 0;  // of the one table, as the session numbers them; 0: not known
};

// Invariants: at most `window` statements are under way; after an Error the pipeline is of no more
// use, nor is its connection.
class StatementPipeline {
  public:
    explicit StatementPipeline(postgres::Connection& connection);

    // A row's statement: prepared when its text is new. It must touch exactly one row, or a later
    // call throws Error(conflict).
    void run(const std::string& sql, RowValues& values, RowDeed deed);
    // One for many rows, of which values are arrays: it must touch exactly `rows`.
    void run(const std::string& sql, const std::vector<std::string>& values, std::uint64_t rows,
             RowDeed deed);
    // Any other statement.
    void run(const std::string& sql, const RowDeed& deed = {});
    // Waits for all of them.
    void finish();
    // Waits for all of them, then for this one; its answer.
    [[nodiscard]] postgres::Answer ask(const std::string& sql,
                                       const std::vector<postgres::Parameter>& parameters);
    // Waits for all of them, then lets `deed` use the connection as it is without a pipeline.
    void outside(const std::function<void()>& deed);
    // After a change of the schema: what was prepared before has the types of before.
    void forget_prepared();

    [[nodiscard]] std::uint64_t rows() const { return rows_; }  // touched so far
    // The row's statement that failed.
    [[nodiscard]] const std::optional<RowDeed>& failed_deed() const { return failed_deed_; }
    // Of what was done outside().
    void count(std::uint64_t rows) { rows_ += rows; }

  private:
    enum class Kind { preparation, row, other };
    struct Expected {
        Kind kind = Kind::other;
        RowDeed deed;
        std::uint64_t rows = 0;  // it must touch, of kind row
    };

    void send(const std::string& sql, const std::vector<const char*>& values, const RowDeed& deed);
    [[nodiscard]] const std::string& prepare(const std::string& sql, const RowDeed& deed);
    void expect(Expected expected, std::size_t bytes);
    void check(const postgres::Answer& answer, const Expected& expected);
    void send_sync();
    [[nodiscard]] std::optional<postgres::Answer> await_sync();

    postgres::Connection& connection_;
    std::map<std::string, std::string> prepared_;  // text -> name
    std::deque<Expected> under_way_;
    std::size_t bytes_under_way_ = 0;
    std::uint64_t rows_ = 0;
    std::optional<RowDeed> failed_deed_;
};

}  // namespace farshore::secondary
