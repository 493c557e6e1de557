#include "agent/primary/postgres/detach.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "tests/support/database_road.hpp"

namespace farshore::test {
namespace {

// farshore is a guest, also when it leaves: nobody waits behind it for a lock that it waits for.
TEST(Detach, LeavesATableToOthersWhileALongTransactionUsesIt) {
    PostgresServer primary;
    PostgresServer secondary;
    DatabaseRoad road(primary, secondary);
    (void)primary.query("origin", "CREATE TABLE keyless (a int); INSERT INTO keyless VALUES (1)");
    road.connect();
    road.cut_and_apply();
    road.disconnect();
    std::thread holder([&] {
        (void)primary.query("origin", "BEGIN; SELECT FROM keyless; SELECT pg_sleep(5); COMMIT");
    });
    const std::string waiting =
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    while (primary.value("origin", waiting) == "0") {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    std::thread leaving([&] { (void)primary::detach_database(StreamName("shop"), road.origin); });
    while (primary.value("origin", waiting) == "1") {
        EXPECT_NO_THROW((void)primary.value(
            "origin", "SET statement_timeout = '2s'; SELECT count(*) FROM keyless"));
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    holder.join();
    leaving.join();
    EXPECT_EQ(
        primary.value("origin", "SELECT relreplident FROM pg_class WHERE relname = 'keyless'"),
        "d");
}

}  // namespace
}  // namespace farshore::test
