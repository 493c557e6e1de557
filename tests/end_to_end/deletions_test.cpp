// Deletions, end to end: what is held of them, what is kept on the secondary, and given back.

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "tests/support/agent_pair.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/tree_comparison.hpp"

namespace farshore::test {
namespace {

namespace fs = std::filesystem;

class Deletions : public ::testing::Test {
  protected:
    Deletions() {
        settings_.trees.push_back({"files", source(), replica()});
        settings_.config_lines = {{"replication", "mark_interval = \"200ms\""},
                                  {"store", "upload_interval = \"1s\""}};
    }

    [[nodiscard]] std::string source() const { return root_ / "source"; }
    [[nodiscard]] std::string replica() const { return root_ / "replica"; }

    void write(const std::string& path, const std::string& content) const {
        const fs::path full = fs::path(source()) / path;
        fs::create_directories(full.parent_path());
        write_whole(full, content);
    }
    void start() {
        pair_ = std::make_unique<AgentPair>(settings_);
        pair_->start_both();
    }
    void expect_equal() {
        const Outcome flushed = pair_->flush();
        ASSERT_EQ(flushed.status, 0) << flushed.err << pair_->log("east") << pair_->log("west");
        EXPECT_EQ(tree_differences(source(), replica()), "");
    }
    [[nodiscard]] Outcome restore(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), "restore-deleted");
        return pair_->command("west", std::move(arguments));
    }

    TemporaryDirectory root_;
    PairSettings settings_;
    std::unique_ptr<AgentPair> pair_;
};

TEST_F(Deletions, TooManyAtOnceAreHeldUntilSomebodyApproves) {
    for (int i = 0; i < 400; ++i) {
        write("box/d" + std::to_string(i % 7) + "/f" + std::to_string(i), std::to_string(i));
    }
    write("other", "1");
    start();
    expect_equal();
    const std::string copy = root_ / "copy";
    ASSERT_EQ(run({"cp", "-a", replica(), copy}).status, 0);
    EXPECT_EQ(pair_->command("east", {"approve"}).out, "nothing is held\n");

    ASSERT_EQ(run({"rm", "-rf", source() + "/box"}).status, 0);
    const auto held = [&] {
        const Outcome listed = pair_->command("east", {"approve", "--json"});
        return listed.status == 0 ? boost::json::parse(listed.out).at("held").as_array()
                                  : boost::json::array();
    };
    ASSERT_TRUE(eventually([&] { return held().size() == 1; })) << pair_->log("east");
    for (const char* agent : {"east", "west"}) {
        EXPECT_TRUE(eventually([&] {
            return pair_->command(agent, {"status"}).out.find("DELETIONS_HELD") !=
                       std::string::npos &&
                   pair_->command(agent, {"lag", "--json"}).out.find("DELETIONS_HELD") !=
                       std::string::npos;
        })) << agent;
    }
    const auto lag = pair_->lag("east");
    EXPECT_EQ(lag.at("proof").as_string(), "proven");
    EXPECT_EQ(lag.at("peers").at(0).at("state").as_string(), "streaming");
    EXPECT_GE(lag.at("peers").at(0).at("sources").at(0).at("pending_files").to_number<int>(), 300);
    // What was let through before it was too much is kept.
    EXPECT_GE(held().at(0).at("entries").to_number<int>(), 300);
    EXPECT_EQ(pair_->flush(std::chrono::seconds(2)).status, 1);

    // Held for good, also across a kill; other changes go on.
    pair_->kill("east");
    pair_->start("east");
    write("other", "2");
    EXPECT_TRUE(eventually([&] { return read_whole(replica() + "/other") == "2"; }));
    ASSERT_EQ(held().size(), 1U);
    EXPECT_TRUE(fs::exists(replica() + "/box"));

    EXPECT_EQ(pair_->command("west", {"approve"}).status, 2);
    EXPECT_EQ(pair_->command("east", {"approve", "4711"}).status, 1);
    const std::string id = std::to_string(held().at(0).at("id").to_number<int>());
    const Outcome approved = pair_->command("east", {"approve", id});
    EXPECT_EQ(approved.status, 0) << approved.err;
    expect_equal();
    EXPECT_FALSE(fs::exists(replica() + "/box"));
    EXPECT_EQ(pair_->command("west", {"status"}).out.find("DELETIONS_HELD"), std::string::npos);

    const Outcome given = restore({"box", "--to", root_ / "found"});
    EXPECT_EQ(given.status, 0) << given.err;
    EXPECT_EQ(run({"diff", "-r", copy + "/box", root_ / "found/box"}).out, "");
    EXPECT_EQ(pair_->verify("west").status, 0);
}

TEST_F(Deletions, WhatCameAndWentWhileTheSecondaryWasAwayHoldsNothingUp) {
    write("stays", "1");
    start();
    expect_equal();
    pair_->kill("west");
    for (int i = 0; i < 300; ++i) {
        write("box/f" + std::to_string(i), std::to_string(i));
    }
    const auto entries = [&] {
        return pair_->status("east").at("sources").at(0).at("entries").to_number<int>();
    };
    ASSERT_TRUE(eventually([&] { return entries() >= 302; }));
    fs::remove_all(source() + "/box");
    ASSERT_TRUE(eventually([&] {
        return pair_->command("east", {"status"}).out.find("DELETIONS_HELD") != std::string::npos;
    })) << pair_->log("east");
    write("after", "2");
    pair_->start("west");
    EXPECT_TRUE(eventually([&] { return fs::exists(replica() + "/after"); }))
        << pair_->log("east") << pair_->log("west");
}

TEST_F(Deletions, AChangeOfTheFiltersDeletesNothing) {
    write("cache/one", "1");
    write("cache/two", "2");
    write("kept", "3");
    start();
    expect_equal();
    const auto set_exclude = [&](const std::string& patterns) {
        EXPECT_EQ(pair_->stop("east"), 0);
        pair_->set_line("east", "[tree]", "exclude = " + patterns);
        pair_->start("east");
    };
    set_exclude("[\"/cache/\"]");
    write("kept", "4");
    EXPECT_EQ(pair_->flush().status, 0);
    EXPECT_EQ(read_whole(replica() + "/cache/one"), "1");
    EXPECT_EQ(read_whole(replica() + "/kept"), "4");
    EXPECT_NE(pair_->command("east", {"status"}).out.find("the patterns changed"),
              std::string::npos);
    fs::remove(source() + "/cache/one");
    write("cache/new", "5");

    set_exclude("[]");
    EXPECT_TRUE(eventually([&] { return fs::exists(replica() + "/cache/new"); }));
    EXPECT_TRUE(eventually([&] {
        return pair_->command("east", {"status"}).out.find("DELETIONS_HELD") != std::string::npos;
    }));
    EXPECT_EQ(read_whole(replica() + "/cache/one"), "1");
    EXPECT_EQ(pair_->command("east", {"approve", "1"}).status, 0);
    expect_equal();
}

TEST_F(Deletions, WhatWasDeletedIsGivenBackAsItWas) {
    write("box/one", "1");
    write("box/deep/two", std::string(400'000, '2'));
    write("stays", "3");
    const std::string copy = root_ / "copy";
    start();
    expect_equal();
    ASSERT_EQ(run({"cp", "-a", source() + "/box", copy}).status, 0);
    fs::remove_all(source() + "/box");
    expect_equal();

    const std::string found = root_ / "found";
    const Outcome given = restore({"box", "--to", found});
    ASSERT_EQ(given.status, 0) << given.err << pair_->log("west");
    // A folder's own time is that of the last removal in it.
    for (const char* folder : {"", "/deep"}) {
        fs::last_write_time(found + "/box" + folder, fs::last_write_time(copy + folder));
    }
    EXPECT_EQ(tree_differences(copy, found + "/box"), "");

    const Outcome one = restore({"box/one", "--tree", "files", "--to", found, "--json"});
    ASSERT_EQ(one.status, 0) << one.err;
    const auto json = boost::json::parse(one.out);
    EXPECT_EQ(json.at("restored").as_array().size(), 1U);
    EXPECT_EQ(json.at("restored").at(0).at("path").as_string(), "box/one");
    EXPECT_EQ(read_whole(found + "/one"), "1");

    EXPECT_EQ(restore({"stays", "--to", found}).status, 1);
    EXPECT_EQ(restore({"box", "--to", found}).status, 2) << "something was written over";
    EXPECT_EQ(restore({"box", "--to", replica()}).status, 2);
    EXPECT_EQ(restore({"box", "--to", replica() + "/elsewhere"}).status, 2);
    fs::create_symlink(replica(), root_ / "way round");
    EXPECT_EQ(restore({"box", "--to", root_ / "way round/box"}).status, 2);
    EXPECT_EQ(restore({"../../etc", "--to", found}).status, 2);
    EXPECT_EQ(restore({"box", "--at", "2020-01-01T00:00:00Z", "--to", root_ / "earlier"}).status,
              1);
    EXPECT_EQ(pair_->command("east", {"restore-deleted", "box", "--to", found + "/x"}).status, 2);
    expect_equal();

    const Outcome listed = restore({".", "--list"});
    EXPECT_EQ(listed.status, 0);
    EXPECT_NE(listed.out.find("box/deep/two"), std::string::npos) << listed.out;
}

TEST_F(Deletions, WhatIsKeptLongEnoughGoes) {
    settings_.config_lines.emplace_back("[tree]", "keep_deleted = \"2s\"");
    write("file", "1");
    start();
    expect_equal();
    fs::remove(source() + "/file");
    expect_equal();
    ASSERT_EQ(restore({"file", "--list"}).status, 0);
    EXPECT_TRUE(eventually([&] { return restore({"file", "--list"}).status == 1; }));
    EXPECT_TRUE(fs::is_empty(replica() + "/.farshore/retained"));
}

}  // namespace
}  // namespace farshore::test
