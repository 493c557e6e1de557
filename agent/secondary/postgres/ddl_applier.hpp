#pragma once
// The primary's DDL into the replica, within the transaction that also moves farshore.progress.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/postgres/connection.hpp"
#include "agent/secondary/postgres/ddl_command.hpp"
#include "agent/secondary/postgres/ddl_notes.hpp"
#include "protocol/identifiers.hpp"

namespace farshore::secondary {

// Invariants: after apply() the target's session is as it was; when apply() throws, nothing of the
// command is in the target's transaction.
class DdlApplier {
  public:
    // `target` has a transaction open whenever apply() is called, and is not in pipeline mode;
    // `aside` is another connection to the same database, without a transaction.
    DdlApplier(postgres::Connection& target, postgres::Connection& aside);

    // A row of farshore.ddl. Throws Error(ddl_pending) with the statement when it can't be applied
    // here; it goes on when that can be done, or when somebody has run the statement, or says in
    // farshore.ddl_note that it is settled.
    void apply(const DdlCommand& command, Lsn lsn);
    // The rows of a table, or more of them. Throws ddl_pending or what the server says.
    void put_rows(const DdlRows& rows);

  private:
    enum class RunAs : std::uint8_t { role, agent };

    void run(const DdlCommand& command, DdlStanding standing);
    void run_statements(const DdlCommand& command);
    void run_text(const DdlCommand& command, DdlStanding standing);
    // What failed, or nothing; the session is as before either way.
    [[nodiscard]] std::optional<postgres::Answer> attempt(const std::string& sql,
                                                          const DdlCommand& command, RunAs as);
    // Another text that may do where `text` failed; nullopt: none.
    [[nodiscard]] std::optional<std::string> adapt(const std::string& text,
                                                   const postgres::Answer& failure);
    void set(const std::string& name, const std::string& value);
    [[nodiscard]] RunAs who_runs(const DdlCommand& command);
    [[nodiscard]] bool role_exists(const std::string& role);
    void give_owners(const DdlCommand& command);
    [[nodiscard]] std::vector<int> last_columns(const DdlCommand& command);
    void set_added_values(const DdlCommand& command, const std::vector<int>& before);
    [[noreturn]] void refuse(const std::string& why) const;

    postgres::Connection& target_;
    postgres::Connection& aside_;
    std::string statement_;  // that is being applied, for people
    std::string left_out_;   // of it
};

}  // namespace farshore::secondary
