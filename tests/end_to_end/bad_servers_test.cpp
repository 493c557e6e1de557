// Servers that are not set up for us and disks that are full: named on both sides with what to do,
// and everything goes on by itself when it is mended.

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "tests/support/agent_pair.hpp"
#include "tests/support/postgres_server.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/tree_comparison.hpp"

namespace farshore::test {
namespace {

namespace fs = std::filesystem;

class BadServers : public ::testing::Test {
  protected:
    void start(const std::string& primary, const std::string& replica) {
        PairSettings settings;
        settings.databases.push_back({"app", primary, replica});
        settings.config_lines = {{"replication", "mark_interval = \"200ms\""}};
        pair_ = std::make_unique<AgentPair>(settings);
        pair_->start_both();
    }
    // `agent --check` of the agent says so, and fails.
    void expect_check(const std::string& agent, const std::string& text) {
        const Outcome check =
            run({AgentPair::binary(), "agent", "--config", pair_->config_file(agent), "--check"});
        EXPECT_EQ(check.status, 2) << check.out;
        EXPECT_PRED_FORMAT2(::testing::IsSubstring, text, check.out);
    }
    void expect_both_say(const std::string& text) {
        for (const std::string agent : {"east", "west"}) {
            EXPECT_TRUE(eventually([&] {
                return pair_->command(agent, {"status"}).out.find(text) != std::string::npos;
            })) << agent
                << ": " << pair_->command(agent, {"status"}).out << pair_->log(agent);
        }
    }
    void expect_copied(const PostgresServer& replica) {
        const Outcome flushed = pair_->flush();
        ASSERT_EQ(flushed.status, 0) << flushed.err << pair_->log("east") << pair_->log("west");
        EXPECT_EQ(replica.value("app", "SELECT count(*) FROM t"), "3");
    }
    static void make_table(PostgresServer& primary) {
        primary.create_database("app");
        primary.query("app",
                      "CREATE TABLE t (id int PRIMARY KEY); "
                      "INSERT INTO t SELECT generate_series(1, 3)");
    }

    std::unique_ptr<AgentPair> pair_;
};

TEST_F(BadServers, AServerWithoutLogicalDecoding) {
    PostgresServer primary({.parameters = {{"wal_level", "replica"}}});
    PostgresServer replica;
    make_table(primary);
    replica.create_database("app");
    start(primary.conninfo("app"), replica.conninfo("app"));
    expect_both_say("set wal_level = logical in postgresql.conf");
    expect_check("east", "set wal_level = logical in postgresql.conf");

    primary.query("app", "ALTER SYSTEM SET wal_level = logical");
    primary.stop();
    primary.start();
    expect_copied(replica);
}

TEST_F(BadServers, TooFewSlots) {
    PostgresServer primary({.parameters = {{"max_replication_slots", "1"}}});
    PostgresServer replica;
    make_table(primary);
    replica.create_database("app");
    primary.query("app", "SELECT pg_create_physical_replication_slot('somebody_elses')");
    start(primary.conninfo("app"), replica.conninfo("app"));
    expect_both_say("raise max_replication_slots");
    expect_check("east", "raise max_replication_slots");

    primary.query("app", "SELECT pg_drop_replication_slot('somebody_elses')");
    expect_copied(replica);
}

TEST_F(BadServers, ARoleThatMayNotReplicate) {
    PostgresServer primary;
    PostgresServer replica;
    make_table(primary);
    replica.create_database("app");
    primary.query("app", "CREATE ROLE carrier LOGIN; GRANT ALL ON DATABASE app TO carrier");
    start(primary.conninfo("app") + " user=carrier", replica.conninfo("app"));
    expect_both_say("ALTER ROLE carrier REPLICATION");
    expect_check("east", "ALTER ROLE carrier REPLICATION");

    primary.query("app", "ALTER ROLE carrier SUPERUSER REPLICATION");
    expect_copied(replica);
}

TEST_F(BadServers, ARoleThatMayNotWriteTheReplica) {
    PostgresServer primary;
    PostgresServer replica;
    make_table(primary);
    replica.create_database("app");
    replica.query("app", "CREATE ROLE carrier LOGIN");
    start(primary.conninfo("app"), replica.conninfo("app") + " user=carrier");
    expect_both_say("GRANT SET ON PARAMETER session_replication_role");
    expect_check("west", "GRANT SET ON PARAMETER session_replication_role");

    replica.query("app", "ALTER ROLE carrier SUPERUSER");
    expect_copied(replica);
}

TEST_F(BadServers, ADatabaseThatIsNotThere) {
    PostgresServer primary;
    PostgresServer replica;
    make_table(primary);
    start(primary.conninfo("app"), replica.conninfo("app"));
    expect_both_say("database \"app\" does not exist");
    expect_check("west", "database \"app\" does not exist");

    replica.create_database("app");
    expect_copied(replica);
}

// A small filesystem of its own for a folder; unmounted with the object.
class SmallDisk {
  public:
    SmallDisk(std::string folder, int mebibytes) : folder_(std::move(folder)) {
        fs::create_directories(folder_);
        const std::string size = "size=" + std::to_string(mebibytes) + "m";
        mounted_ = ::mount("tmpfs", folder_.c_str(), "tmpfs", 0, size.c_str()) == 0;
    }
    ~SmallDisk() {
        if (mounted_) {
            ::umount2(folder_.c_str(), MNT_DETACH);
        }
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    [[nodiscard]] bool mounted() const { return mounted_; }

  private:
    std::string folder_;
    bool mounted_ = false;
};

class FullDisk : public ::testing::Test {
  protected:
    void write(const std::string& path, std::size_t bytes) const {
        std::ofstream(root_ / ("source/" + path), std::ios::binary) << std::string(bytes, 'x');
    }
    [[nodiscard]] bool says(const std::string& agent, const std::string& text) const {
        return pair_->command(agent, {"status"}).out.find(text) != std::string::npos;
    }
    // Fills what is left of the filesystem of `folder`.
    static void fill(const std::string& folder) {
        struct statvfs left {};
        ASSERT_EQ(::statvfs(folder.c_str(), &left), 0);
        std::ofstream out(folder + "/ballast", std::ios::binary);
        const std::string block(64 * 1024, 'b');
        while (out.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
        }
    }
    void expect_equal() {
        const Outcome flushed = pair_->flush();
        ASSERT_EQ(flushed.status, 0) << flushed.err << pair_->log("east") << pair_->log("west");
        EXPECT_EQ(tree_differences(root_ / "source", root_ / "disk/replica"), "");
    }

    TemporaryDirectory root_;
    std::unique_ptr<AgentPair> pair_;
};

TEST_F(FullDisk, OfTheReplica) {
    const SmallDisk disk(root_ / "disk", 16);
    if (!disk.mounted()) {
        GTEST_SKIP() << "a small filesystem can be mounted only by root";
    }
    PairSettings settings;
    settings.trees.push_back({"files", root_ / "source", root_ / "disk/replica"});
    settings.config_lines = {{"replication", "mark_interval = \"200ms\""}};
    pair_ = std::make_unique<AgentPair>(settings);
    write("first", 1'000);
    pair_->start_both();
    expect_equal();

    fill(root_ / "disk");
    write("small", 100'000);
    write("large", 4'000'000);
    EXPECT_TRUE(eventually([&] { return says("west", "DISK_FULL") && says("east", "DISK_FULL"); }))
        << pair_->command("west", {"status"}).out << pair_->log("west");
    EXPECT_NE(pair_->command("east", {"flush", "--timeout", "2s"}).status, 0);
    EXPECT_FALSE(fs::exists(root_ / "disk/replica/large"));

    fs::remove(root_ / "disk/ballast");
    expect_equal();
    EXPECT_TRUE(eventually([&] {
        return !says("west", "DISK_FULL") && !says("east", "DISK_FULL");
    })) << pair_->command("west", {"status"}).out
        << pair_->command("east", {"status"}).out;
    EXPECT_EQ(pair_->verify("west").status, 0);
}

// Of one agent's state directory: it says so on both sides, loses nothing, and goes on by itself.
class FullState : public FullDisk, public ::testing::WithParamInterface<const char*> {};

TEST_P(FullState, IsNamedAndOvercome) {
    const std::string agent = GetParam();
    PairSettings settings;
    settings.trees.push_back({"files", root_ / "source", root_ / "disk/replica"});
    settings.config_lines = {{"replication", "mark_interval = \"200ms\""},
                             {"store", "upload_interval = \"1s\""}};
    pair_ = std::make_unique<AgentPair>(settings);
    const std::string state = pair_->directory() + "/" + agent + "/state";
    const SmallDisk disk(state, 16);
    if (!disk.mounted()) {
        GTEST_SKIP() << "a small filesystem can be mounted only by root";
    }
    write("first", 1'000);
    pair_->start_both();
    expect_equal();

    fill(state);
    for (int i = 0; i < 300; ++i) {
        write("small " + std::to_string(i), 1'000);
    }
    EXPECT_TRUE(eventually([&] { return says("west", "DISK_FULL") && says("east", "DISK_FULL"); }))
        << pair_->command("west", {"status"}).out << pair_->command("east", {"status"}).out
        << pair_->log(agent);
    EXPECT_TRUE(pair_->process(agent).is_running()) << pair_->log(agent);

    // A host that starts with its disk full: the primary ended, and nobody started it again.
    pair_->kill(agent);
    pair_->start(agent);
    EXPECT_FALSE(pair_->process(agent).wait(std::chrono::seconds(3))) << pair_->log(agent);
    EXPECT_NE(pair_->log(agent).rfind("DISK_FULL"), std::string::npos) << pair_->log(agent);

    fs::remove(state + "/ballast");
    expect_equal();
    EXPECT_TRUE(eventually([&] {
        return !says("west", "DISK_FULL") && !says("east", "DISK_FULL");
    })) << pair_->command("west", {"status"}).out
        << pair_->command("east", {"status"}).out;
    EXPECT_EQ(pair_->verify("west").status, 0);
    for (const char* each : {"east", "west"}) {
        EXPECT_EQ(pair_->stop(each), 0) << pair_->log(each);
    }
}

INSTANTIATE_TEST_SUITE_P(OfEitherAgent, FullState, ::testing::Values("east", "west"));

TEST_F(FullDisk, AStoreThatIsNoDirectoryAnyMoreIsNamedAndCaughtUp) {
    PairSettings settings;
    settings.trees.push_back({"files", root_ / "source", root_ / "disk/replica"});
    settings.config_lines = {{"replication", "mark_interval = \"200ms\""},
                             {"store", "upload_interval = \"1s\""}};
    pair_ = std::make_unique<AgentPair>(settings);
    write("first", 1'000);
    pair_->start_both();
    expect_equal();

    const std::string store = pair_->directory() + "/store";
    fs::rename(store, store + ".away");
    std::ofstream(store) << "a file";
    EXPECT_TRUE(eventually([&] {
        return says("east", "is no directory") && says("west", "is no directory");
    })) << pair_->command("east", {"status"}).out
        << pair_->command("west", {"status"}).out;
    write("second", 1'000);
    expect_equal();  // the stream does not wait for the store

    fs::remove(store);
    fs::rename(store + ".away", store);
    EXPECT_TRUE(eventually(
        [&] { return !says("east", "is no directory") && !says("west", "is no directory"); }));
    EXPECT_EQ(pair_->verify("west").status, 0);
}

TEST_F(FullDisk, AReplicaFolderThatIsNotThereIsNamedBeforeAnybodyDials) {
    PairSettings settings;
    settings.trees.push_back({"files", root_ / "source", root_ / "disk/replica"});
    settings.config_lines = {{"replication", "mark_interval = \"200ms\""}};
    pair_ = std::make_unique<AgentPair>(settings);
    fs::remove_all(root_ / "disk");
    pair_->start("west");
    EXPECT_TRUE(eventually([&] { return says("west", "disk/replica"); }))
        << pair_->command("west", {"status"}).out;
    EXPECT_TRUE(says("west", "NOT_FOUND")) << pair_->command("west", {"status"}).out;
    fs::create_directories(root_ / "disk/replica");
    EXPECT_TRUE(eventually([&] { return !says("west", "NOT_FOUND"); }))
        << pair_->command("west", {"status"}).out;
    pair_->start("east");
    write("first", 1'000);
    expect_equal();
}

}  // namespace
}  // namespace farshore::test
