// One table that can't be applied is set aside, named everywhere, and copied anew by itself, while
// the other goes on; whoever is killed meanwhile.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "protocol/envelope.hpp"
#include "protocol/manifest.hpp"
#include "protocol/mark.hpp"
#include "protocol/receipt.hpp"
#include "tests/support/agent_pair.hpp"
#include "tests/support/postgres_server.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::test {
namespace {

namespace fs = std::filesystem;

// A table is locked for so many seconds.
class Holder {
  public:
    Holder(const PostgresServer& server, const std::string& table, const std::string& mode,
           int seconds)
        : thread_([&server, table, mode, seconds] {
              (void)server.query("app", "BEGIN; LOCK TABLE " + table + " IN " + mode +
                                            " MODE; SELECT pg_sleep(" + std::to_string(seconds) +
                                            "); COMMIT");
          }) {}
    ~Holder() { thread_.join(); }
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;

  private:
    std::thread thread_;
};

// As a writer has it: nobody may read the table at one moment meanwhile.
constexpr const char* as_writer = "ROW EXCLUSIVE";

class Quarantine : public ::testing::Test {
  protected:
    Quarantine() {
        primary_.create_database("app");
        replica_.create_database("app");
        settings_.databases.push_back({"app", primary_.conninfo("app"), replica_.conninfo("app")});
        settings_.config_lines = {{"replication", "mark_interval = \"200ms\""},
                                  {"store", "upload_interval = \"1s\""}};
        for (const std::string table : {"item", "other"}) {
            primary_.query("app", "CREATE TABLE " + table + " (id int PRIMARY KEY, v text);" +
                                      "INSERT INTO " + table +
                                      " SELECT i, 'v' || i FROM generate_series(1, 1000) i");
        }
    }

    void start() {
        pair_ = std::make_unique<AgentPair>(settings_);
        pair_->start_both();
        settle();
    }
    void settle() {
        const Outcome flushed = pair_->flush(std::chrono::seconds(90));
        ASSERT_EQ(flushed.status, 0) << flushed.err << pair_->log("east") << pair_->log("west");
    }
    static std::string rows_of(const PostgresServer& server, const std::string& table) {
        return server.value("app",
                            "SELECT count(*) || ' ' || md5(string_agg(t::text, '|' ORDER BY"
                            " id)) FROM " +
                                table + " t");
    }
    [[nodiscard]] bool are_equal(const std::string& table) const {
        return rows_of(primary_, table) == rows_of(replica_, table);
    }
    void expect_whole() {
        EXPECT_TRUE(are_equal("item"));
        EXPECT_TRUE(are_equal("other"));
        const Outcome verified = pair_->verify("west");
        EXPECT_EQ(verified.status, 0) << verified.out << verified.err;
        EXPECT_EQ(set_aside(), "0");
        EXPECT_TRUE(gaps("east").empty());
        EXPECT_TRUE(gaps("west").empty());
    }
    std::string set_aside() const {
        return replica_.value("app", "SELECT count(*) FROM farshore.set_aside");
    }
    boost::json::array gaps(const std::string& agent) const {
        const boost::json::value lag = pair_->lag(agent);
        for (const auto& source : lag.at_pointer("/peers/0/sources").as_array()) {
            if (source.at("name").as_string() == "app") {
                return source.at("gaps").as_array();
            }
        }
        return {};
    }
    std::uint64_t applied_mark() const {
        return pair_->lag("west").at_pointer("/peers/0/applied_mark").to_number<std::uint64_t>();
    }
    // A row that the primary changes is not there: from here on the table is set aside.
    void damage() {
        replica_.query("app", "DELETE FROM item WHERE id = 7");
        primary_.query("app",
                       "UPDATE item SET v = 'seven' WHERE id = 7;"
                       "DELETE FROM item WHERE id = 8");
    }
    // West is killed at that point of what follows.
    void arm_west(const char* point) {
        pair_->kill("west");
        ::setenv("FARSHORE_CRASH_POINT", point, 1);
        pair_->start("west");
        ::unsetenv("FARSHORE_CRASH_POINT");
    }
    bool west_is_gone() {
        return eventually([&] { return pair_->lag("west").is_null(); }, std::chrono::seconds(60));
    }

    // That west has signed as applied.
    [[nodiscard]] std::set<std::uint64_t> signed_applied() const {
        std::set<std::uint64_t> marks;
        for (const auto& entry :
             fs::recursive_directory_iterator(pair_->directory() + "/store/receipts")) {
            if (entry.is_regular_file()) {
                const std::string payload =
                    read_envelope_payload(read_whole(entry.path()), payload_type::receipt).take();
                for (const AppliedMark& mark : parse_receipt(payload).take().applied) {
                    marks.insert(mark.mark.value());
                }
            }
        }
        return marks;
    }

    // How many signed marks say of the database what `claims` looks for.
    int marks_that(const std::function<bool(const Mark&, const DatabaseMark&)>& claims) const {
        int count = 0;
        for (const auto& entry :
             fs::recursive_directory_iterator(pair_->directory() + "/store/manifests")) {
            if (!entry.is_regular_file()) {
                continue;
            }
            const std::string payload =
                read_envelope_payload(read_whole(entry.path()), payload_type::manifest).take();
            for (const std::string& envelope : parse_manifest(payload).take().marks) {
                const Mark mark =
                    parse_mark(read_envelope_payload(envelope, payload_type::mark).take()).take();
                count += claims(mark, std::get<DatabaseMark>(mark.sources.at(SourceName("app"))))
                             ? 1
                             : 0;
            }
        }
        return count;
    }

    PostgresServer primary_;
    PostgresServer replica_;
    PairSettings settings_;
    std::unique_ptr<AgentPair> pair_;
};

TEST_F(Quarantine, ATableIsSetAsideNamedAndCopiedAnewWhileTheOtherGoesOn) {
    start();
    {
        const Holder holder(primary_, "item", as_writer, 15);
        damage();
        EXPECT_TRUE(eventually([&] { return !gaps("east").empty() && !gaps("west").empty(); }));
        primary_.query("app", "INSERT INTO other VALUES (5000, 'goes on')");
        EXPECT_TRUE(eventually([&] { return are_equal("other"); }));
        EXPECT_FALSE(are_equal("item"));
        for (const std::string agent : {"east", "west"}) {
            const auto found = gaps(agent);
            ASSERT_EQ(found.size(), 1U) << agent;
            EXPECT_EQ(found[0].at("table").as_string(), "public.item");
            EXPECT_GT(found[0].at("id").to_number<int>(), 0) << agent;
            const std::string reason(found[0].at("reason").as_string());
            EXPECT_NE(reason.find("table public.item (id = 7) at LSN"), std::string::npos)
                << reason;
            const std::string status = pair_->command(agent, {"status"}).out;
            EXPECT_NE(status.find("QUARANTINED"), std::string::npos) << status;
        }
        EXPECT_EQ(pair_->lag("east").at_pointer("/peers/0/state").as_string(), "streaming");
        // Nothing calls what is incomplete complete.
        EXPECT_EQ(pair_->flush(std::chrono::seconds(3)).status, 1);
        const Outcome verified = pair_->verify("west", {"--databases"});
        EXPECT_EQ(verified.status, 1) << verified.out << verified.err;
        EXPECT_NE(verified.out.find("item"), std::string::npos) << verified.out;
    }
    settle();
    expect_whole();
    primary_.query("app", "INSERT INTO item VALUES (6000, 'later'); DELETE FROM item WHERE id = 9");
    settle();
    expect_whole();
    const auto names = [](const DatabaseMark& database) {
        return names_gap(database, "public.item", AgentName("west"));
    };
    EXPECT_GT(marks_that([&](const Mark&, const DatabaseMark& app) { return names(app); }), 10);
    EXPECT_EQ(marks_that([&](const Mark& mark, const DatabaseMark& app) {
                  return names(app) && mark.complete && app.as_of == mark.time;
              }),
              // The one that names a gap which was closed before it was sealed.
              marks_that([&](const Mark& mark, const DatabaseMark& app) {
                  return names(app) && mark.complete;
              }));
}

TEST_F(Quarantine, ADoubledRowIsSettledByItself) {
    start();
    replica_.query("app", "INSERT INTO item VALUES (3000, 'by hand')");
    primary_.query("app", "INSERT INTO item VALUES (3000, 'of the primary')");
    primary_.query("app", "INSERT INTO other VALUES (3000, 'goes on')");
    settle();
    expect_whole();
    EXPECT_NE(pair_->log("west").find("table public.item is set aside"), std::string::npos)
        << pair_->log("west");
}

// The primary is gone before it can be told: its last marks claim what is not so here.
TEST_F(Quarantine, WhatWasReceivedBeforeThePrimaryKnewIsNeverCalledApplied) {
    start();
    std::uint64_t claimed = 0;
    {
        const Holder holder(replica_, "other", "ACCESS EXCLUSIVE", 8);
        ASSERT_TRUE(eventually([&] {
            return replica_.value("app",
                                  "SELECT count(*) FROM pg_locks WHERE mode ="
                                  " 'AccessExclusiveLock' AND relation = 'other'::regclass") != "0";
        }));
        primary_.query("app", "UPDATE other SET v = 'waits' WHERE id = 1");
        damage();
        const Outcome flushed = pair_->command("east", {"flush", "--until", "received", "--json"});
        ASSERT_EQ(flushed.status, 0) << flushed.err;
        claimed = boost::json::parse(flushed.out).at("mark").to_number<std::uint64_t>();
        pair_->kill("east");
        EXPECT_EQ(set_aside(), "0");
    }
    ASSERT_TRUE(eventually([&] { return set_aside() == "1"; }));
    EXPECT_TRUE(eventually([&] { return are_equal("other"); }));
    std::this_thread::sleep_for(std::chrono::seconds(2));
    EXPECT_LT(applied_mark(), claimed);
    pair_->start("east");
    settle();
    expect_whole();
    EXPECT_GT(applied_mark(), claimed);
    const std::set<std::uint64_t> applied = signed_applied();
    EXPECT_FALSE(applied.contains(claimed));
    EXPECT_TRUE(applied.upper_bound(claimed) != applied.end());
}

TEST_F(Quarantine, WestIsKilledAtEachMomentOfIt) {
    start();
    for (const char* point : {"set_aside_written", "set_aside_copied", "applied_before_commit"}) {
        arm_west(point);
        damage();
        primary_.query("app",
                       "INSERT INTO other SELECT coalesce(max(id), 0) + 1, 'more' FROM other");
        ASSERT_TRUE(west_is_gone()) << point << pair_->log("west");
        primary_.query("app", "UPDATE item SET v = 'while it is gone' WHERE id = 10");
        pair_->start("west");
        settle();
        expect_whole();
        primary_.query("app",
                       "INSERT INTO item VALUES (7, 'v7') ON CONFLICT DO NOTHING;"
                       "INSERT INTO item VALUES (8, 'v8')");
        settle();
    }
}

TEST_F(Quarantine, BothAreKilledWhileATableIsSetAside) {
    start();
    {
        const Holder holder(primary_, "item", as_writer, 20);
        damage();
        ASSERT_TRUE(eventually([&] { return !gaps("east").empty(); }));
        pair_->kill("west");
        pair_->kill("east");
        primary_.query("app", "UPDATE item SET v = 'nobody is there' WHERE id = 20");
        pair_->start("east");
        // Known without the secondary.
        EXPECT_TRUE(eventually([&] { return !gaps("east").empty(); }));
        pair_->start("west");
        EXPECT_TRUE(eventually([&] { return !gaps("west").empty(); }));
        EXPECT_EQ(pair_->flush(std::chrono::seconds(2)).status, 1);
        EXPECT_FALSE(are_equal("item"));
    }
    settle();
    expect_whole();
}

// The replica's server goes as well; conflicts come again and again while all write.
TEST_F(Quarantine, KillsOfEverybodyUnderWrites) {
    // With a tree rows are applied with their cut, not ahead of it.
    const TemporaryDirectory trees;
    settings_.trees.push_back({"files", trees / "primary", trees / "replica"});
    start();
    for (int round = 0; round < 6; ++round) {
        const std::string id = std::to_string(100 + round);
        replica_.query("app", "DELETE FROM item WHERE id = " + id);
        for (int i = 0; i < 5; ++i) {
            primary_.query(
                "app", "UPDATE item SET v = v || 'x' WHERE id % 7 = " + std::to_string(i) +
                           " OR id = " + id +
                           "; UPDATE other SET v = v || 'y' WHERE id % 5 = " + std::to_string(i));
        }
        if (round % 3 == 2) {
            replica_.kill();
            replica_.start();
        } else {
            const std::string agent = round % 3 == 0 ? "west" : "east";
            std::this_thread::sleep_for(std::chrono::milliseconds(150 * round));
            pair_->kill(agent);
            pair_->start(agent);
        }
    }
    settle();
    expect_whole();
}

}  // namespace
}  // namespace farshore::test
