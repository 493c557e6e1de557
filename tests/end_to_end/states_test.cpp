// What agents remember, end to end: it does not grow for ever, and a state directory that was put
// back from an older copy, or a tree that was out of the config for a while, leads to no silent
// divergence.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include "tests/support/agent_pair.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/tree_comparison.hpp"

namespace farshore::test {
namespace {

namespace fs = std::filesystem;

class States : public ::testing::Test {
  protected:
    States() {
        settings_.trees.push_back({"files", root_ / "source", root_ / "replica"});
        settings_.config_lines = {{"replication", "mark_interval = \"200ms\""},
                                  {"store", "upload_interval = \"1s\""}};
    }

    void write(const std::string& path, const std::string& content) const {
        const fs::path full = fs::path(root_ / "source") / path;
        fs::create_directories(full.parent_path());
        std::ofstream(full, std::ios::binary) << content;
    }
    void remove(const std::string& path) const { fs::remove_all(root_ / "source/" + path); }

    void start() {
        pair_ = std::make_unique<AgentPair>(settings_);
        pair_->start_both();
    }

    void expect_equal(const std::string& source = "source",
                      const std::string& replica = "replica") {
        const Outcome flushed = pair_->flush();
        ASSERT_EQ(flushed.status, 0) << flushed.err << pair_->log("east") << pair_->log("west");
        EXPECT_EQ(tree_differences(root_ / source, root_ / replica), "");
    }

    [[nodiscard]] std::string state(const std::string& agent) const {
        return pair_->directory() + "/" + agent + "/state";
    }
    // What a backup of a host takes with it: the state directory of an agent that stands still.
    void save(const std::string& agent) const {
        fs::copy(state(agent), root_ / agent + ".saved", fs::copy_options::recursive);
    }
    void put_back(const std::string& agent) const {
        fs::remove_all(state(agent));
        fs::copy(root_ / agent + ".saved", state(agent), fs::copy_options::recursive);
    }

    TemporaryDirectory root_;
    PairSettings settings_;
    std::unique_ptr<AgentPair> pair_;
};

TEST_F(States, TheStateIsForNobodyElse) {
    start();
    for (const char* agent : {"east", "west"}) {
        for (const char* file : {"state.db", "state.db-wal", "state.db-shm", "lock"}) {
            const fs::perms mode = fs::status(state(agent) + "/" + file).permissions();
            EXPECT_EQ(mode, fs::perms::owner_read | fs::perms::owner_write) << agent << file;
        }
    }
}

TEST_F(States, AFlushDoesNotPromiseWhatIsStillInTransit) {
    start();
    expect_equal();
    // Large, and never at rest: no version of it can be read whole.
    const std::string busy = root_ / "source/busy";
    write("busy", std::string(60'000'000, 'b'));
    std::jthread writer([&](const std::stop_token& stop) {
        std::fstream file(busy, std::ios::binary | std::ios::in | std::ios::out);
        for (int i = 0; !stop.stop_requested(); ++i) {
            file.seekp(0);
            file << i << std::flush;
        }
    });
    ASSERT_TRUE(eventually([&] {
        return pair_->command("east", {"status"}).out.find("pending: busy") != std::string::npos;
    }));
    EXPECT_EQ(pair_->flush(std::chrono::seconds(2)).status, 1);
    writer.request_stop();
    writer.join();
    fs::remove(busy);
    expect_equal();
}

TEST_F(States, AFlushComesBackWhileLargeFilesAreAlwaysInTransit) {
    start();
    expect_equal();
    write("before", "the call");
    // There is always one that is under way, and each holds still once it is written.
    std::jthread writer([&](const std::stop_token& stop) {
        const std::string content(5'000'000, 'L');
        for (int i = 0; !stop.stop_requested(); ++i) {
            write("large " + std::to_string(i), content + std::to_string(i));
            remove("large " + std::to_string(i - 30));
            std::this_thread::sleep_for(std::chrono::milliseconds(200));
        }
    });
    ASSERT_TRUE(eventually([&] {
        return pair_->command("east", {"status"}).out.find("pending: large") != std::string::npos;
    }));
    for (int i = 0; i < 3; ++i) {
        write("safe", std::to_string(i));
        const Outcome flushed = pair_->flush(std::chrono::seconds(60));
        EXPECT_EQ(flushed.status, 0) << flushed.err << pair_->command("east", {"status"}).out;
        EXPECT_EQ(read_whole(root_ / "replica/safe"), std::to_string(i));
    }
    writer.request_stop();
    writer.join();
    expect_equal();
}

TEST_F(States, AllThatIsPendingIsInStatusAlsoWhatAMarkHasNoRoomFor) {
    start();
    expect_equal();
    pair_->kill("west");
    // Paths of 3,000 bytes, in transit since they are large and never hold still for long.
    std::string deep;
    for (int i = 0; i < 12; ++i) {
        deep += std::string(250, static_cast<char>('a' + i)) + "/";
    }
    fs::create_directories(root_ / "source/" + deep);
    fs::current_path(root_ / "source/" + deep);
    for (int i = 0; i < 120; ++i) {
        std::ofstream("file" + std::to_string(i), std::ios::binary) << "x";
        fs::resize_file("file" + std::to_string(i), 64'000'000);
    }
    fs::current_path("/");
    std::size_t most = 0;
    (void)eventually([&] {
        const boost::json::value status = pair_->status("east");
        if (status.is_object()) {
            const auto& source = status.at("sources").at(0);
            most = std::max(most, source.at("pending").as_array().size());
        }
        return most > 100;
    });
    EXPECT_GT(most, 100U) << pair_->log("east");
    EXPECT_TRUE(pair_->process("east").is_running()) << pair_->log("east");
    remove(deep.substr(0, 250));
    pair_->start("west");
    expect_equal();
}

TEST_F(States, ASecondaryThatIsPutBackIsToldEverything) {
    write("stays", "1");
    write("dir/removed later", "2");
    start();
    expect_equal();
    ASSERT_EQ(pair_->stop("west"), 0);
    save("west");
    pair_->start("west");
    write("stays", "changed");
    write("comes", "3");
    write("comes and goes", "4");
    remove("dir");
    expect_equal();
    remove("comes and goes");
    expect_equal();
    // The primary forgets what it thinks that nobody needs.
    std::this_thread::sleep_for(std::chrono::seconds(3));
    ASSERT_EQ(pair_->stop("west"), 0);
    put_back("west");
    write("after", "5");
    remove("comes");
    pair_->start("west");
    expect_equal();
    EXPECT_NE(pair_->log("east").find("put back from an older copy"), std::string::npos);
}

TEST_F(States, APrimaryThatIsPutBackIsRefusedOnBothSides) {
    write("file", "1");
    settings_.config_lines = {{"replication", "mark_interval = \"1h\""}};
    start();
    expect_equal();
    ASSERT_EQ(pair_->stop("east"), 0);
    save("east");
    pair_->start("east");
    for (int i = 0; i < 5; ++i) {
        write("file", "cut " + std::to_string(i));
        ASSERT_TRUE(eventually(
            [&] { return read_whole(root_ / "replica/file") == "cut " + std::to_string(i); }));
    }
    // Less than a mark later: only cuts were given out since.
    pair_->kill("east");
    ASSERT_EQ(pair_->stop("west"), 0);
    put_back("east");
    pair_->start("east");
    for (int i = 0; i < 12; ++i) {
        write("file", "another history " + std::to_string(i));
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    pair_->start("west");
    for (const std::string agent : {"east", "west"}) {
        EXPECT_TRUE(eventually([&] {
            const std::string said = pair_->command(agent, {"status"}).out;
            return said.find("STATE_DAMAGED") != std::string::npos ||
                   said.find("CHAIN_BROKEN") != std::string::npos;
        })) << agent
            << pair_->command(agent, {"status"}).out << pair_->log(agent);
    }
}

TEST_F(States, APrimaryThatRestartsAloneKnowsWhatTheSecondaryHad) {
    write("file", "content");
    start();
    expect_equal();
    // That it is applied is told a moment after it can be seen.
    EXPECT_TRUE(eventually([&] { return pair_->lag("east").at("lag_seconds").is_number(); }));
    EXPECT_EQ(pair_->stop("west"), 0);
    const double before = pair_->lag("east").at("rpo_seconds").to_number<double>();
    EXPECT_EQ(pair_->stop("east"), 0);
    pair_->start("east");
    EXPECT_TRUE(eventually([&] {
        const auto lag = pair_->lag("east");
        return lag.is_object() && lag.at("proof") == "late" && lag.at("rpo_seconds").is_number() &&
               lag.at("rpo_seconds").to_number<double>() > before &&
               lag.at("lag_seconds").is_number();
    })) << pair_->command("east", {"lag", "--json"}).out;
    pair_->start("west");
    EXPECT_TRUE(eventually([&] {
        const auto lag = pair_->lag("east");
        return lag.is_object() && lag.at("proof") == "proven";
    })) << pair_->command("east", {"lag", "--json"}).out;
}

TEST_F(States, ATreeThatWasOutOfTheConfigIsToldWhatChanged) {
    settings_.trees.push_back({"more", root_ / "more", root_ / "more.replica"});
    write("file", "1");
    start();
    std::ofstream(root_ / "more/kept") << "1";
    std::ofstream(root_ / "more/gone") << "2";
    expect_equal();
    expect_equal("more", "more.replica");
    // Committed here while the secondary is away, then out of both configs, then back again.
    ASSERT_EQ(pair_->stop("west"), 0);
    std::ofstream(root_ / "more/kept") << "changed";
    fs::remove(root_ / "more/gone");
    std::this_thread::sleep_for(std::chrono::seconds(1));
    ASSERT_EQ(pair_->stop("east"), 0);
    std::map<std::string, std::string> whole;
    for (const std::string agent : {"east", "west"}) {
        const std::string text = whole[agent] = read_whole(pair_->config_file(agent));
        const std::size_t name = text.find("name = \"more\"");
        const std::size_t begin = text.rfind("[[tree]]", name);
        const std::size_t end = text.find("\n[", name);
        write_whole(pair_->config_file(agent),
                    text.substr(0, begin) + (end == std::string::npos ? "" : text.substr(end)));
    }
    pair_->start_both();
    write("file", "while it was out");
    expect_equal();
    for (const std::string agent : {"east", "west"}) {
        ASSERT_EQ(pair_->stop(agent), 0);
        write_whole(pair_->config_file(agent), whole[agent]);
    }
    pair_->start_both();
    expect_equal();
    expect_equal("more", "more.replica");
    const Outcome verified = pair_->verify("west");
    EXPECT_EQ(verified.status, 0) << verified.out << verified.err;
}

}  // namespace
}  // namespace farshore::test
