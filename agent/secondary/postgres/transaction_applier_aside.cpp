// Tables that are set aside: what the transactions say of them, and their new copies.

#include "agent/secondary/postgres/conflict_report.hpp"
#include "agent/secondary/postgres/transaction_applier.hpp"
#include "storage/disk/crash_point.hpp"

namespace farshore::secondary {

void TransactionApplier::leave_out(std::uint32_t relation, const pgoutput::Message& change,
                                   Lsn lsn) {
    const auto name = aside_.name(relation);
    const auto wish = name ? wishes_.tables.find(*name) : wishes_.tables.end();
    if (wish == wishes_.tables.end() || wish->second.lsn != lsn ||
        !wishes_.reported.insert(*name).second) {
        return;
    }
    open_group();
    try {
        wish->second.reason += report_conflict(catalogue_, table(relation), change);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::ddl_pending) {
            throw;
        }
        wish->second.reason += "; " + error.message();  // the table itself is not what it was
    }
    aside_.amend(*name, wish->second.reason);
    pipeline_.outside(
        [&] { amend_set_aside(connection_, stream_, database_, *name, wish->second.reason); });
}

// The primary has read them while nobody changed the table, and they come where its changes would:
// what was left out before is in them, what follows is applied again.
void TransactionApplier::take_copy(const DdlRows& rows) {
    const TableName& table = *rows.only_if_set_aside;
    if (rows.clear && aside_.tables().contains(table) &&
        !wishes_.left_copies.contains({table, commit_})) {
        aside_.begin_copy(table);
    }
    if (!aside_.is_copied(table)) {
        return;
    }
    open_group();
    write_runs();
    pipeline_.outside([&] {
        try {
            ddl_.put_rows(rows);
        } catch (const Error&) {
            failed_copy_ = FailedTableCopy{table, commit_};
            throw;
        }
        if (rows.clear) {
            close_set_aside(connection_, stream_, database_, table);
        }
    });
    storage::crash_point("set_aside_copied");
    group_has_ddl_ = true;
}

std::optional<std::pair<TableName, Lsn>> TransactionApplier::failed_change() const {
    const auto& deed = pipeline_.failed_deed();
    const auto table = deed ? aside_.name(deed->relation) : std::nullopt;
    return table ? std::optional(std::pair(*table, deed->lsn)) : std::nullopt;
}

// From this transaction on the table's changes are left out: it is said in the same one.
void TransactionApplier::write_wishes() {
    for (const auto& [table, what] : wishes_.tables) {
        write_set_aside(connection_, stream_, database_, table, what);
    }
    for (const auto& [table, note] : wishes_.notes) {
        note_set_aside(connection_, stream_, database_, table, note);
        aside_.note(table, note);
    }
    storage::crash_point("set_aside_written");
}

}  // namespace farshore::secondary
