// The main job for files, end to end: two real agents, real directories, real kills.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <thread>

#include "protocol/digest.hpp"
#include "tests/support/agent_pair.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/tree_comparison.hpp"

namespace farshore::test {
namespace {

namespace fs = std::filesystem;

class Trees : public ::testing::Test {
  protected:
    Trees() {
        settings_.trees.push_back({"files", source(), replica()});
        settings_.config_lines = {{"replication", "mark_interval = \"200ms\""},
                                  {"store", "upload_interval = \"1s\""}};
    }

    [[nodiscard]] std::string source() const { return root_ / "source"; }
    [[nodiscard]] std::string replica() const { return root_ / "replica"; }

    void write(const std::string& path, const std::string& content) const {
        const fs::path full = fs::path(source()) / path;
        fs::create_directories(full.parent_path());
        std::ofstream(full, std::ios::binary) << content;
    }

    void start() {
        pair_ = std::make_unique<AgentPair>(settings_);
        pair_->start_both();
    }

    // Waits until everything so far is applied, and compares source and replica in every attribute.
    void expect_equal() {
        const Outcome flushed = pair_->flush();
        ASSERT_EQ(flushed.status, 0) << flushed.err << pair_->log("east") << pair_->log("west");
        EXPECT_EQ(tree_differences(source(), replica()), "");
    }

    TemporaryDirectory root_;
    PairSettings settings_;
    std::unique_ptr<AgentPair> pair_;
};

TEST_F(Trees, EveryKindOfEntryArrivesWithItsAttributes) {
    write("plain.txt", "hello");
    write("empty", "");
    write("deep/er/and/deeper/file", std::string(300'000, 'x'));
    write(std::string("bad\xff utf8 \n newline"), "bytes");
    write("linked/one", "same inode");
    fs::create_hard_link(source() + "/linked/one", source() + "/linked/two");
    fs::create_symlink("../nowhere/at all", source() + "/dangling");
    fs::create_directory(source() + "/empty directory");
    ASSERT_EQ(mkfifo((source() + "/fifo").c_str(), 0640), 0);
    ASSERT_EQ(chmod((source() + "/plain.txt").c_str(), 04751), 0);
    ASSERT_EQ(setxattr((source() + "/plain.txt").c_str(), "user.note", "kept", 4, 0), 0);
    if (geteuid() == 0) {
        ASSERT_EQ(lchown((source() + "/plain.txt").c_str(), 1234, 4321), 0);
        ASSERT_EQ(lchown((source() + "/dangling").c_str(), 1234, 4321), 0);
    }
    const timespec times[2] = {{1'000'000'000, 1}, {1'234'567'890, 123'456'789}};
    ASSERT_EQ(utimensat(AT_FDCWD, (source() + "/deep").c_str(), times, 0), 0);
    ASSERT_EQ(utimensat(AT_FDCWD, (source() + "/empty").c_str(), times, 0), 0);

    start();
    expect_equal();
}

TEST_F(Trees, ChangesRenamesAndDeletionsFollow) {
    write("a/one", "1");
    write("a/two", "2");
    write("b/three", "3");
    start();
    expect_equal();

    write("a/one", "changed");
    write("fresh/made/at/once", "new");
    fs::rename(source() + "/a/two", source() + "/b/renamed");
    fs::rename(source() + "/b", source() + "/c");
    fs::remove(source() + "/c/three");
    expect_equal();

    // A directory becomes a file, a file a directory, a symlink a file.
    fs::remove_all(source() + "/a");
    write("a", "now a file");
    fs::remove(source() + "/c/renamed");
    write("c/renamed/inside", "now a directory");
    expect_equal();

    fs::remove_all(source() + "/c");
    fs::remove_all(source() + "/fresh");
    expect_equal();
    EXPECT_FALSE(fs::exists(replica() + "/fresh"));
}

TEST_F(Trees, HardLinksStayLinksWhenRewrittenAndSplit) {
    write("one", "first");
    start();
    expect_equal();
    fs::create_hard_link(source() + "/one", source() + "/two");
    expect_equal();
    write("one", "rewritten through one name");
    expect_equal();
    EXPECT_EQ(fs::hard_link_count(replica() + "/two"), 2U);
    fs::remove(source() + "/one");
    expect_equal();
    EXPECT_EQ(fs::hard_link_count(replica() + "/two"), 1U);
}

TEST_F(Trees, WhatHappensWhileAnAgentIsDeadIsCaughtUp) {
    write("before", "1");
    start();
    expect_equal();

    pair_->kill("west");
    write("while west is dead", "2");
    fs::remove(source() + "/before");
    pair_->start("west");
    expect_equal();

    pair_->kill("east");
    write("while east is dead", "3");
    fs::remove(source() + "/while west is dead");
    pair_->start("east");
    expect_equal();
}

TEST_F(Trees, KillsAtAnyMomentLoseNothing) {
    start();
    std::mt19937 random(7);  // the same story in every run
    for (int round = 0; round < 6; ++round) {
        for (int i = 0; i < 60; ++i) {
            const std::string name =
                "d" + std::to_string(random() % 10) + "/f" + std::to_string(random() % 40);
            if (random() % 5 == 0) {
                fs::remove(source() + "/" + name);
            } else {
                write(name, std::string(random() % 5000, static_cast<char>('a' + random() % 26)));
            }
            if (i % 20 == 19) {
                const std::string victim = random() % 2 == 0 ? "east" : "west";
                pair_->kill(victim);
                pair_->start(victim);
            }
        }
    }
    write("large", std::string(9'000'000, 'L'));
    pair_->kill("west");
    pair_->start("west");
    expect_equal();
    const Outcome verified = pair_->verify("west");
    EXPECT_EQ(verified.status, 0) << verified.out << verified.err;
}

TEST_F(Trees, AnEmptyMountOverTheRootDeletesNothing) {
    write("precious", "data");
    write("dir/too", "data");
    start();
    expect_equal();

    fs::rename(source(), source() + ".away");
    fs::create_directory(source());
    EXPECT_TRUE(eventually([&] {
        return pair_->command("east", {"status"}).out.find("ROOT_CHANGED") != std::string::npos;
    })) << pair_->log("east");
    std::this_thread::sleep_for(std::chrono::seconds(1));
    EXPECT_TRUE(fs::exists(replica() + "/precious"));
    EXPECT_TRUE(fs::exists(replica() + "/dir/too"));

    fs::remove(source());
    fs::rename(source() + ".away", source());
    write("after", "back again");
    expect_equal();
}

TEST_F(Trees, AForeignReplicaFolderIsRefused) {
    write("file", "1");
    fs::create_directories(replica());
    write_whole(replica() + "/somebody elses", "keep me");
    start();
    EXPECT_TRUE(eventually([&] {
        return pair_->command("east", {"status"}).out.find("REPLICA_NOT_EMPTY") !=
                   std::string::npos &&
               pair_->command("west", {"status"}).out.find("REPLICA_NOT_EMPTY") !=
                   std::string::npos;
    })) << pair_->log("west");
    EXPECT_EQ(read_whole(replica() + "/somebody elses"), "keep me");
    EXPECT_FALSE(fs::exists(replica() + "/file"));
}

TEST_F(Trees, PutWaitsUntilItIsThere) {
    start();
    const std::string file = root_ / "report.pdf";
    write_whole(file, std::string(700'000, 'p'));
    const Outcome put =
        pair_->command("east", {"put", file, "--tree", "files", "--as", "in/box/r.pdf"});
    ASSERT_EQ(put.status, 0) << put.err << pair_->log("east");
    EXPECT_EQ(read_whole(replica() + "/in/box/r.pdf"), std::string(700'000, 'p'));
    const Outcome refused = pair_->command("west", {"put", file, "--tree", "files"});
    EXPECT_EQ(refused.status, 2);
    EXPECT_NE(refused.err.find("NOT_PRIMARY"), std::string::npos) << refused.err;
}

std::string noise(std::size_t size, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::string content(size, '\0');
    for (std::size_t at = 0; at + 8 <= size; at += 8) {
        const std::uint64_t value = random();
        content.replace(at, 8, reinterpret_cast<const char*>(&value), 8);
    }
    return content;
}

TEST_F(Trees, ALargeFileThatChangesInAnyWayArrives) {
    std::string content = noise(20 << 20, 1);
    write("big", content);
    start();
    expect_equal();
    for (std::size_t at = 100'000; at + 4'096 < content.size(); at += 1'000'000) {
        content.replace(at, 4'096, noise(4'096, at));
    }
    write("big", content);  // in place
    expect_equal();
    write("new", "inserted" + content);
    fs::rename(source() + "/new", source() + "/big");  // another inode
    expect_equal();
    fs::resize_file(source() + "/big", 7'654'321);
    expect_equal();
    fs::rename(source() + "/big", source() + "/renamed");
    std::ofstream(source() + "/renamed", std::ios::binary | std::ios::app) << "appended";
    expect_equal();
    fs::copy_file(source() + "/renamed", source() + "/copy");
    expect_equal();
}

TEST_F(Trees, AKillInTheMiddleOfALargeFileIsGoneOnFrom) {
    // Slow enough to be caught in the middle.
    settings_.config_lines.emplace_back("replication", "bandwidth_limit = \"20MB\"");
    write("small", "so that they know each other");
    start();
    expect_equal();
    for (const char* name : {"west", "east"}) {
        const std::string path = std::string("big of ") + name;
        const fs::path begun =
            fs::path(replica()) / ".farshore/staging" / ("begun-" + sha256(path).hex());
        write(path, noise(60 << 20, static_cast<unsigned char>(name[0])));
        // Some of it has come.
        EXPECT_TRUE(eventually([&] {
            std::error_code error;
            return fs::file_size(begun, error) > (10 << 20) && !error;
        }));
        pair_->kill(name);
        pair_->start(name);
        expect_equal();
        EXPECT_FALSE(fs::exists(begun));
    }
}

TEST_F(Trees, ALargeFileIsNotInTheWayOfASmallOne) {
    for (const std::string lanes : {"1", "2"}) {
        settings_.config_lines = {{"replication", "mark_interval = \"200ms\""},
                                  {"replication", "bandwidth_limit = \"5MB\""},
                                  {"replication", "bulk_lanes = " + lanes}};
        settings_.trees = {{"files", source() + lanes, replica() + lanes}};
        start();
        ASSERT_EQ(pair_->flush().status, 0);
        // Whole at once: what is still being written may well arrive as it was.
        write_whole(root_ / "big", noise(40 << 20, 1));
        fs::rename(root_ / "big", source() + lanes + "/big");
        write_whole(source() + lanes + "/small", noise(4'096, 2));
        EXPECT_TRUE(eventually([&] { return fs::exists(replica() + lanes + "/small"); }));
        EXPECT_FALSE(fs::exists(replica() + lanes + "/big"));
        ASSERT_EQ(pair_->flush().status, 0);
        EXPECT_EQ(tree_differences(source() + lanes, replica() + lanes), "");
        pair_.reset();
    }
}

TEST_F(Trees, ACopyOfALargeFileIsNotSent) {
    std::string content = noise(20 << 20, 1);
    write("big", content);
    start();
    expect_equal();
    // To send it again would take minutes.
    ASSERT_EQ(pair_->stop("east"), 0);
    pair_->set_line("east", "replication", "bandwidth_limit = \"64KiB\"");
    pair_->start("east");
    const auto put = [&](const std::string& path) {
        // Whole at once: what is still being written is no copy yet.
        write_whole(root_ / "aside", content);
        fs::rename(root_ / "aside", source() + "/" + path);
    };
    put("copy");
    expect_equal();
    content.replace(5'000'000, 4'096, noise(4'096, 2));
    put("alike");
    expect_equal();
    // Written anew beside the old one, as rsync and editors do.
    content.insert(1'000, "more");
    put(".big.x1");
    expect_equal();
    fs::rename(source() + "/.big.x1", source() + "/big");
    expect_equal();
}

TEST_F(Trees, OfAFileThatOnlyGrowsEveryVersionIsOneThatWas) {
    settings_.config_lines.emplace_back("[tree]", "append_only = [\"*.log\"]");
    std::string all = noise(2 << 20, 0);
    write("app.log", all);
    start();
    expect_equal();
    {
        std::ofstream log(source() + "/app.log", std::ios::binary | std::ios::app);
        for (std::uint64_t i = 1; i <= 40; ++i) {
            const std::string lines = noise(64 << 10, i);
            log << lines << std::flush;
            all += lines;
            std::this_thread::sleep_for(std::chrono::milliseconds(25));
            const std::string seen = read_whole(replica() + "/app.log");
            EXPECT_EQ(sha256(all.substr(0, seen.size())), sha256(seen));
        }
    }
    expect_equal();
}

TEST_F(Trees, WhatNeverHoldsStillIsNamedAndComesAsItIsRead) {
    settings_.config_lines.emplace_back("[tree]", "unstable_after = \"1s\"");
    write("busy", std::string(8 << 20, 'x'));
    std::jthread writer([&](const std::stop_token& stop) {
        std::fstream file(source() + "/busy", std::ios::binary | std::ios::in | std::ios::out);
        for (int i = 0; !stop.stop_requested(); ++i) {
            file.seekp(i % (8 << 20)).put('y').flush();
            std::this_thread::sleep_for(std::chrono::microseconds(200));
        }
    });
    start();
    EXPECT_TRUE(eventually([&] { return fs::exists(replica() + "/busy"); }));
    EXPECT_TRUE(eventually([&] {
        return pair_->command("east", {"status", "--json"}).out.find("unstable") !=
               std::string::npos;
    }));
    writer.request_stop();
    writer.join();
    expect_equal();
}

TEST_F(Trees, AFileLargerThanTheMemoryLimitPasses) {
    settings_.config_lines.emplace_back("replication", "memory_limit = \"128MiB\"");
    start();
    fs::create_directories(source());
    {
        std::ofstream out(source() + "/big", std::ios::binary);
        std::mt19937_64 random(1);
        std::string block(1 << 20, '\0');
        for (int i = 0; i < 200; ++i) {
            for (std::size_t at = 0; at < block.size(); at += 8) {
                const std::uint64_t value = random();
                block.replace(at, 8, reinterpret_cast<const char*>(&value), 8);
            }
            out << block;
        }
    }
    expect_equal();
    if (std::getenv("FARSHORE_SANITIZED") == nullptr) {  // shadow memory is not the agent's
        EXPECT_LT(pair_->process("east").peak_resident_bytes(), 128ULL << 20);
        EXPECT_LT(pair_->process("west").peak_resident_bytes(), 128ULL << 20);
    }
}

}  // namespace
}  // namespace farshore::test
