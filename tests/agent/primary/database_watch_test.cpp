// What is said of a server of which a part can't be asked.

#include "agent/primary/database_watch.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "agent/primary/postgres/object_names.hpp"
#include "agent/runtime/system_clock.hpp"
#include "tests/support/names.hpp"
#include "tests/support/postgres_server.hpp"

namespace farshore::primary {
namespace {

const StreamName shop{"shop"};

TEST(DatabaseWatch, SlotsAreToldAndTheFaultStaysWhereTablesCanNotBeTakenIn) {
    test::PostgresServer server;
    // A publication of ours, and nothing of what belongs to it.
    (void)server.query("postgres", "CREATE PUBLICATION " + publication_name(shop));
    (void)server.query("postgres", "SELECT pg_create_logical_replication_slot('" +
                                       slot_name(shop, test::west) + "', 'pgoutput')");
    config::Database database;
    database.name = test::app;
    database.connection = server.conninfo("postgres");
    runtime::SystemClock clock;
    DatabaseWatch watch(shop, database, {test::west}, clock,
                        [](const AgentName&, const std::string&) {});
    std::jthread thread([&](const runtime::StopToken& stop) { watch.run(stop); });
    DatabaseFacts facts = watch.facts();
    for (int i = 0; i < 400 && !facts.fault; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        facts = watch.facts();
    }
    ASSERT_TRUE(facts.fault);
    EXPECT_TRUE(facts.identity);
    ASSERT_TRUE(facts.slots.contains(test::west));
    EXPECT_TRUE(facts.slots.at(test::west).exists);
    // A cut asks, and is answered: that mends nothing.
    watch.ask_position(false);
    ASSERT_TRUE(watch.position(test::long_wait));
    EXPECT_TRUE(watch.facts().fault);
}

}  // namespace
}  // namespace farshore::primary
