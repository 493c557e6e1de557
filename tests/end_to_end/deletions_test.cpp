// Deletions, end to end: what is kept of them on the secondary, and given back.

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
