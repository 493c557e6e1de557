#include "agent/primary/postgres/verification_snapshot.hpp"

#include "agent/postgres/sql_error.hpp"

namespace farshore::primary {

namespace {

std::string describe_oldest(const std::string& conninfo, const postgres::WakeEvent& stop) {
    postgres::Connection connection(conninfo, stop);
    const postgres::Answer answer = connection.execute(
        "SELECT pid, coalesce(usename, ''), coalesce(application_name, ''), state,"
        " date_trunc('second', clock_timestamp() - xact_start), left(query, 80)"
        " FROM pg_stat_activity WHERE backend_xid IS NOT NULL ORDER BY xact_start LIMIT 1");
    if (answer.rows() == 0) {
        return "a transaction that has ended since";
    }
    return "the transaction of process " + std::string(answer.text(0, 0)) + " (role " +
           std::string(answer.text(0, 1)) + ", application \"" + std::string(answer.text(0, 2)) +
           "\", " + std::string(answer.text(0, 3)) + ", open for " +
           std::string(answer.text(0, 4)) + "): " + std::string(answer.text(0, 5));
}

}  // namespace

VerificationSnapshot::VerificationSnapshot(const std::string& conninfo,
                                           const postgres::WakeEvent& stop, Duration patience) {
    postgres::Connection replication(conninfo, stop, postgres::ConnectionKind::replication);
    // It waits for the transactions that are running: as for locks.
    replication.execute("SET lock_timeout = " + std::to_string(patience.nanoseconds / 1'000'000));
    const std::string pid(replication.execute("SELECT pg_backend_pid()").text(0, 0));
    const postgres::Answer slot =
        replication.attempt("CREATE_REPLICATION_SLOT farshore_verify_" + pid +
                            " TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT");
    if (slot.sqlstate() == postgres::sqlstate::lock_not_available) {
        throw Error(ErrorCode::timeout, "the database can not be compared now: it waits for " +
                                            describe_oldest(conninfo, stop));
    }
    replication.require(slot);
    if (!parse_lsn(slot.text(0, 1), lsn_)) {
        throw Error(ErrorCode::internal, "an LSN from the database does not parse");
    }
    snapshot_ = std::make_unique<postgres::Snapshot>(conninfo, stop, std::string(slot.text(0, 2)));
    // As long as it lasts no vacuum removes anything: who asked for it may be gone for good.
    snapshot_->connection().execute("SET idle_in_transaction_session_timeout = '1h'");
}

}  // namespace farshore::primary
