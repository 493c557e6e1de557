#include "agent/primary/postgres/verification_snapshot.hpp"

#include <gtest/gtest.h>
#include <libpq-fe.h>

#include "agent/postgres/table_digest.hpp"
#include "tests/support/database_road.hpp"

namespace farshore::test {
namespace {

TEST(VerificationSnapshot, BothSidesAreEqualAtItsLsn) {
    PostgresServer server;
    DatabaseRoad road(server, server);
    (void)server.query("origin",
                       "CREATE TABLE item (id int PRIMARY KEY, t text);"
                       "INSERT INTO item SELECT i, 'x' FROM generate_series(1, 100) i");
    road.connect();
    road.cut_and_apply();
    (void)server.query("origin", "UPDATE item SET t = 'before' WHERE id < 10");
    const postgres::WakeEvent stop;
    primary::VerificationSnapshot snapshot(server.conninfo("origin"), stop,
                                           Duration::from_ms(5000));
    (void)server.query("origin", "UPDATE item SET t = 'after'");
    road.cut_up_to(snapshot.lsn());
    (void)road.apply();
    postgres::Snapshot replica(server.conninfo("replica"), stop);
    const auto table = postgres::list_checked_tables(snapshot.connection(), "").front();
    EXPECT_EQ(postgres::digest_table(snapshot.connection(), table),
              postgres::digest_table(replica.connection(), table));
    EXPECT_EQ(server.value("replica", "SELECT count(*) FROM item WHERE t = 'before'"), "9");
    EXPECT_EQ(server.value("origin", "SELECT count(*) FROM pg_replication_slots"), "1");
}

// Whoever asked for it may have gone for good.
TEST(VerificationSnapshot, DoesNotOutlastAnHourInWhichNothingIsAskedOfIt) {
    PostgresServer server;
    const postgres::WakeEvent stop;
    primary::VerificationSnapshot snapshot(server.conninfo("postgres"), stop,
                                           Duration::from_ms(5000));
    EXPECT_EQ(snapshot.connection()
                  .execute("SELECT current_setting('idle_in_transaction_session_timeout')")
                  .text(0, 0),
              "1h");
}

TEST(VerificationSnapshot, NamesWhatItWaitsFor) {
    PostgresServer server;
    const postgres::WakeEvent stop;
    postgres::Connection blocker(server.conninfo("postgres"), stop);
    postgres::Transaction open(blocker);
    blocker.execute("SELECT txid_current()");
    const std::string pid = std::to_string(PQbackendPID(blocker.raw()));
    try {
        const primary::VerificationSnapshot snapshot(server.conninfo("postgres"), stop,
                                                     Duration::from_ms(300));
        ADD_FAILURE() << "a snapshot was made";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::timeout);
        EXPECT_NE(error.message().find("process " + pid), std::string::npos) << error.message();
    }
}

}  // namespace
}  // namespace farshore::test
