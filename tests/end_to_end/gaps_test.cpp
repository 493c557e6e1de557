// What can't be bridged is named on both sides and in the marks, and closed by a new copy.

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "protocol/envelope.hpp"
#include "protocol/limits.hpp"
#include "protocol/manifest.hpp"
#include "protocol/mark.hpp"
#include "tests/support/agent_pair.hpp"
#include "tests/support/postgres_server.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::test {
namespace {

namespace fs = std::filesystem;

class Gaps : public ::testing::Test {
  protected:
    Gaps() {
        primary_.create_database("app");
        replica_.create_database("app");
        settings_.databases.push_back({"app", primary_.conninfo("app"), replica_.conninfo("app")});
        settings_.config_lines = {{"replication", "mark_interval = \"200ms\""},
                                  {"store", "upload_interval = \"1s\""}};
        primary_.query("app",
                       "CREATE TABLE item (id int PRIMARY KEY, v text);"
                       "INSERT INTO item SELECT i, 'v' || i FROM generate_series(1, 1000) i");
    }

    void start() {
        pair_ = std::make_unique<AgentPair>(settings_);
        pair_->start_both();
        settle();
    }

    void settle(std::chrono::seconds timeout = std::chrono::seconds(90)) {
        const Outcome flushed = pair_->flush(timeout);
        ASSERT_EQ(flushed.status, 0) << flushed.err << pair_->log("east") << pair_->log("west");
    }

    // Nothing but what is asked for: `farshore verify` of chain and database is content.
    void expect_whole() {
        const std::string all =
            "SELECT count(*) || ' ' || md5(string_agg(t::text, '|' ORDER BY id)) FROM item t";
        EXPECT_EQ(primary_.value("app", all), replica_.value("app", all));
        const Outcome verified = pair_->verify("west");
        EXPECT_EQ(verified.status, 0) << verified.out << verified.err;
    }

    bool eventually_says(const std::string& agent, const std::string& command,
                         const std::string& text) {
        return eventually(
            [&] { return pair_->command(agent, {command}).out.find(text) != std::string::npos; },
            std::chrono::seconds(60));
    }

    // What the marks in the store say of the database with `text` in it, whose signatures `verify`
    // has looked at or will.
    std::vector<std::string> signed_of_app(const std::string& text) const {
        std::vector<std::string> found;
        const fs::path manifests = pair_->directory() + "/store/manifests";
        for (const auto& entry : fs::recursive_directory_iterator(manifests)) {
            if (!entry.is_regular_file()) {
                continue;
            }
            const std::string payload =
                read_envelope_payload(read_whole(entry.path()), payload_type::manifest).take();
            for (const std::string& envelope : parse_manifest(payload).take().marks) {
                const Mark mark =
                    parse_mark(read_envelope_payload(envelope, payload_type::mark).take()).take();
                for (const Uncovered& one :
                     std::get<DatabaseMark>(mark.sources.at(SourceName("app"))).uncovered) {
                    if (one.reason.find(text) != std::string::npos) {
                        found.push_back(one.reason);
                    }
                }
            }
        }
        return found;
    }

    std::string slots() {
        return primary_.value("app", "SELECT count(*) FROM pg_replication_slots");
    }

    PostgresServer primary_;
    PostgresServer replica_;
    PairSettings settings_;
    std::unique_ptr<AgentPair> pair_;
};

TEST_F(Gaps, ASlotThatWasDroppedIsNamedAndClosedByANewCopy) {
    start();
    pair_->kill("west");
    primary_.query("app", "INSERT INTO item VALUES (2000, 'lost with the slot')");
    primary_.query("app", R"(DO $$ BEGIN FOR i IN 1..100 LOOP BEGIN
        PERFORM pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active;
        PERFORM pg_drop_replication_slot(slot_name) FROM pg_replication_slots; EXIT;
        EXCEPTION WHEN object_in_use THEN PERFORM pg_sleep(0.1); END; END LOOP; END $$)");
    EXPECT_EQ(slots(), "0");
    EXPECT_TRUE(eventually_says("east", "status", "no replication slot for west"))
        << pair_->command("east", {"status"}).out;
    pair_->start("west");
    settle();
    expect_whole();
    EXPECT_EQ(slots(), "1");
    const auto lag = pair_->lag("east");
    EXPECT_TRUE(lag.at_pointer("/peers/0/sources/0/gaps").as_array().empty());
}

// Nobody saw it go, and a slot of that name is there: only its position tells.
TEST_F(Gaps, ASlotThatWasMadeAnewWhileBothAgentsWereDown) {
    start();
    pair_->kill("west");
    pair_->kill("east");
    const std::string slot = primary_.value("app", "SELECT slot_name FROM pg_replication_slots");
    ASSERT_TRUE(eventually(
        [&] { return primary_.value("app", "SELECT active FROM pg_replication_slots") == "f"; }));
    primary_.query("app", "SELECT pg_drop_replication_slot('" + slot + "')");
    primary_.query("app",
                   "INSERT INTO item VALUES (2000, 'in no slot'); DELETE FROM item WHERE id = 7");
    primary_.query("app", "SELECT pg_create_logical_replication_slot('" + slot + "', 'pgoutput')");
    pair_->start("east");
    pair_->start("west");
    settle();
    expect_whole();
    EXPECT_NE(pair_->log("east").find("past the received position"), std::string::npos)
        << pair_->log("east");
    EXPECT_TRUE(pair_->lag("east").at_pointer("/peers/0/sources/0/gaps").as_array().empty());
}

TEST_F(Gaps, ASlotThatWasDroppedWhileBothAgentsWereDown) {
    start();
    pair_->kill("west");
    pair_->kill("east");
    ASSERT_TRUE(eventually(
        [&] { return primary_.value("app", "SELECT active FROM pg_replication_slots") == "f"; }));
    primary_.query("app", "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots");
    primary_.query("app", "UPDATE item SET v = 'in no slot' WHERE id < 10");
    pair_->start("east");
    EXPECT_TRUE(eventually_says("east", "status", "no replication slot for west"))
        << pair_->command("east", {"status"}).out;
    pair_->start("west");
    settle();
    expect_whole();
}

TEST_F(Gaps, ASlotThatTheServerInvalidated) {
    primary_.query("app", "ALTER SYSTEM SET max_slot_wal_keep_size = '16MB'");
    primary_.query("app", "SELECT pg_reload_conf()");
    start();
    pair_->kill("west");
    const std::string status = "SELECT wal_status FROM pg_replication_slots";
    for (int i = 0; i < 60 && primary_.value("app", status) != "lost"; ++i) {
        primary_.query("app", "INSERT INTO item SELECT " + std::to_string(10'000 * (i + 1)) +
                                  " + j, repeat(md5(j::text), 40) FROM generate_series(1, 4000) j");
        primary_.query("app", "SELECT pg_switch_wal()");
        primary_.query("app", "CHECKPOINT");
    }
    ASSERT_EQ(primary_.value("app", status), "lost");
    EXPECT_TRUE(eventually_says("east", "status", "wal_status lost"))
        << pair_->command("east", {"status"}).out;
    EXPECT_TRUE(eventually_says("east", "lag", "GAP"));
    pair_->start("west");
    settle();
    expect_whole();
    EXPECT_EQ(primary_.value("app", status), "reserved");
    EXPECT_TRUE(pair_->lag("east").at_pointer("/peers/0/sources/0/gaps").as_array().empty());
}

// The first table is there when one agent, then the other, is killed within the second.
TEST_F(Gaps, AFirstCopyGoesOnAfterEitherAgentWasKilled) {
    primary_.query(
        "app",
        "CREATE TABLE second (id int PRIMARY KEY, v text);"
        "INSERT INTO second SELECT i, repeat('s', 500) FROM generate_series(1, 300000) i");
    pair_ = std::make_unique<AgentPair>(settings_);
    pair_->start_both();
    const std::string there =
        "SELECT CASE WHEN to_regclass('farshore.tables') IS NULL THEN '0'"
        " ELSE (xpath('/row/c/text()', query_to_xml('SELECT count(*) AS c"
        " FROM farshore.tables', false, true, '')))[1]::text END";
    const auto copied = [&] { return replica_.value("app", there); };
    ASSERT_TRUE(eventually([&] { return copied() != "0"; }, std::chrono::seconds(60)));
    pair_->kill("west");
    ASSERT_EQ(copied(), "1");
    const std::string written = replica_.value("app", "SELECT min(xmin::text) FROM item");
    primary_.query("app",
                   "UPDATE item SET v = 'between' WHERE id < 10; DELETE FROM second WHERE id < 10");
    pair_->start("west");
    // Its rows are on their way: they are not committed before they are all there.
    const std::string filled = "SELECT pg_relation_size('second') > 10000000";
    ASSERT_TRUE(
        eventually([&] { return replica_.value("app", filled) == "t"; }, std::chrono::seconds(60)));
    pair_->kill("east");
    ASSERT_EQ(copied(), "1");
    primary_.query("app",
                   "INSERT INTO item VALUES (3000, 'later'); DELETE FROM second WHERE id < 20");
    pair_->start("east");
    settle();
    EXPECT_EQ(replica_.value("app", "SELECT xmin::text FROM item WHERE id = 500"), written);
    const std::string all = "SELECT count(*) || ' ' || sum(id) FROM second";
    EXPECT_EQ(primary_.value("app", all), replica_.value("app", all));
    expect_whole();
}

// A table that is dropped and made again looks the same in a later schema: the stream would drop
// what the later copy brought.
TEST_F(Gaps, AFirstCopyBeginsAgainBehindDdl) {
    primary_.query(
        "app",
        "CREATE TABLE second (id int PRIMARY KEY, v text);"
        "INSERT INTO second SELECT i, repeat('s', 500) FROM generate_series(1, 300000) i");
    pair_ = std::make_unique<AgentPair>(settings_);
    pair_->start_both();
    ASSERT_TRUE(eventually(
        [&] {
            return replica_.value("app",
                                  "SELECT coalesce(pg_relation_size(to_regclass("
                                  "'public.second')), 0) > 1000000") == "t";
        },
        std::chrono::seconds(60)));
    pair_->kill("west");
    primary_.query("app",
                   "DROP TABLE second; CREATE TABLE second (id int PRIMARY KEY, v text);"
                   "INSERT INTO second SELECT i, 'new' FROM generate_series(1, 1000) i");
    pair_->start("west");
    settle();
    const std::string all = "SELECT count(*) || ' ' || sum(id) || max(v) FROM second";
    EXPECT_EQ(primary_.value("app", all), replica_.value("app", all));
    expect_whole();
}

TEST_F(Gaps, PastItsLimitTheSlotIsGivenUpAndThePrimaryGoesOn) {
    settings_.config_lines.emplace_back("[database]", "slot_limit = \"16MiB\"");
    start();
    pair_->kill("west");
    for (int i = 0; i < 60 && slots() != "0"; ++i) {
        primary_.query("app", "INSERT INTO item SELECT " + std::to_string(10'000 * (i + 1)) +
                                  " + j, repeat(md5(j::text), 20) FROM generate_series(1, 2000) j");
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    EXPECT_TRUE(eventually([&] { return slots() == "0"; }));
    EXPECT_TRUE(eventually_says("east", "lag", "slot_limit is 16777216"))
        << pair_->command("east", {"lag"}).out;
    EXPECT_TRUE(eventually_says("east", "status", "it was given up"));
    EXPECT_NE(pair_->command("east", {"check"}).status, 0);
    pair_->start("west");
    settle();
    expect_whole();
}

// Only the agent that gave the slot up knows why: what it knew is signed although it was killed
// before the next mark.
TEST_F(Gaps, AMarkNamesAGapAlsoWhenTheAgentWasKilledBeforeIt) {
    settings_.config_lines[0] = {"replication", "mark_interval = \"10s\""};
    settings_.config_lines.emplace_back("[database]", "slot_limit = \"16MiB\"");
    start();
    pair_->kill("west");
    for (int i = 0; i < 60 && slots() != "0"; ++i) {
        primary_.query("app", "INSERT INTO item SELECT " + std::to_string(10'000 * (i + 1)) +
                                  " + j, repeat(md5(j::text), 20) FROM generate_series(1, 2000) j");
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    ASSERT_TRUE(eventually([&] { return slots() == "0"; }));
    ASSERT_TRUE(eventually_says("east", "lag", "GAP 1 since"))
        << pair_->command("east", {"lag"}).out;
    pair_->kill("east");
    pair_->start("east");
    pair_->start("west");
    settle();
    expect_whole();  // which also publishes
    const std::vector<std::string> sentences = signed_of_app("gap 1 on west");
    ASSERT_FALSE(sentences.empty());
    EXPECT_NE(sentences.front().find("slot_limit is 16777216: it was given up"), std::string::npos)
        << sentences.front();
    settle();
    EXPECT_TRUE(pair_->lag("east").at_pointer("/peers/0/sources/0/gaps").as_array().empty());
}

TEST_F(Gaps, AGapWaitsForAPersonWhereTheConfigSaysSo) {
    settings_.config_lines.emplace_back("[database]", "recopy = \"manual\"");
    start();
    pair_->kill("west");
    const std::string slot = primary_.value("app", "SELECT slot_name FROM pg_replication_slots");
    primary_.query("app", "INSERT INTO item VALUES (2000, 'skipped')");
    ASSERT_TRUE(eventually(
        [&] { return primary_.value("app", "SELECT active FROM pg_replication_slots") == "f"; }));
    primary_.query("app",
                   "SELECT pg_replication_slot_advance('" + slot + "', pg_current_wal_lsn())");
    pair_->start("west");
    EXPECT_TRUE(eventually_says("east", "lag", "past the received position"));
    EXPECT_TRUE(eventually_says("west", "lag", "past the received position"));
    EXPECT_EQ(replica_.value("app", "SELECT count(*) FROM item"), "1000");
}

TEST_F(Gaps, AnIdleDatabaseLetsTheServersLogGo) {
    primary_.create_database("busy");
    primary_.query("busy", "CREATE TABLE t (v text)");
    start();
    const std::string confirmed = "SELECT confirmed_flush_lsn - '0/0' FROM pg_replication_slots";
    const std::string restart = "SELECT restart_lsn - '0/0' FROM pg_replication_slots";
    const long before = std::stol(primary_.value("app", confirmed));
    const long kept = std::stol(primary_.value("app", restart));
    primary_.query("busy", "INSERT INTO t SELECT repeat('x', 1000) FROM generate_series(1, 10000)");
    EXPECT_TRUE(eventually(
        [&] { return std::stol(primary_.value("app", confirmed)) > before + 10'000'000; }));
    // Decoding's own start moves with the next running-transactions record.
    EXPECT_TRUE(eventually([&] {
        primary_.query("busy", "CHECKPOINT");
        primary_.query("busy", "INSERT INTO t VALUES ('x')");
        return std::stol(primary_.value("app", restart)) > kept + 10'000'000;
    }));
}

// No statement of the application waits for a secondary that hangs.
TEST_F(Gaps, AStuckSecondaryNeverStopsThePrimary) {
    primary_.query("app", "ALTER SYSTEM SET wal_sender_timeout = '3s'");
    primary_.query("app", "SELECT pg_reload_conf()");
    start();
    const std::string walsender = "SELECT pid FROM pg_stat_replication";
    const std::string pid = primary_.value("app", walsender);
    pair_->process("west").signal(SIGSTOP);
    for (int i = 0; i < 12; ++i) {
        primary_.query("app", "UPDATE item SET v = 'n" + std::to_string(i) + "'");
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
    }
    // Twice its timeout: it has heard from us although nothing moves.
    EXPECT_EQ(primary_.value("app", walsender), pid);
    pair_->process("west").signal(SIGCONT);
    settle();
    expect_whole();
}

}  // namespace
}  // namespace farshore::test
