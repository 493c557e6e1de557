#include "agent/secondary/files/missing_content.hpp"

#include <gtest/gtest.h>

#include "protocol/limits.hpp"
#include "storage/disk/posix_file_system.hpp"
#include "storage/state/secondary_state.hpp"
#include "tests/support/names.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::secondary {
namespace {

using test::uploads;

FileEntry holding(const std::string& path, const std::string& content) {
    FileEntry entry;
    entry.path = path;
    entry.mode = 0644;
    entry.size = content.size();
    entry.sha256 = sha256(content);
    return entry;
}

class MissingContentTest : public testing::Test {
  protected:
    std::vector<std::string> find(std::uint64_t cut, const std::vector<FileEntry>& entries) {
        state_.index().add_incoming(CutNumber(cut), uploads, entries);
        std::vector<std::string> wanted;
        missing_.find(CutNumber(cut), [&](const std::vector<WantedContent>& items) {
            EXPECT_LE(items.size(), limits::wanted_items);
            ++batches_;
            for (const WantedContent& item : items) {
                wanted.push_back(item.path);
            }
        });
        return wanted;
    }
    // As if an earlier cut had put it there.
    void have(const std::string& path, const std::string& content) {
        test::write_whole(directory_ / path, content);
        const std::vector<FileEntry> entries{holding(path, content)};
        state_.index().add_incoming(CutNumber(1), uploads, entries);
        const std::vector<storage::SecondaryIndex::Settled> page{{entries[0], {}}};
        state_.index().settle(CutNumber(1), uploads, page);
    }
    using Paths = std::vector<std::string>;

    test::TemporaryDirectory directory_;
    storage::PosixFileSystem files_;
    storage::Handle root_ = files_.open_root(directory_.path());
    storage::SecondaryState state_{directory_ / "state.db"};
    Staging staging_{files_, root_, [](const Digest&) { return false; }};
    MissingContent missing_{files_, root_, staging_, state_.index(), uploads};
    int batches_ = 0;
};

TEST_F(MissingContentTest, AsksOnceForEachContentInBatches) {
    std::vector<FileEntry> entries;
    for (int i = 0; i < 2500; ++i) {
        entries.push_back(holding("f" + std::to_string(i), std::to_string(i / 2)));
    }
    entries.push_back(holding("empty", ""));
    EXPECT_EQ(find(2, entries).size(), 1250U);
    EXPECT_EQ(batches_, 2);
}

TEST_F(MissingContentTest, WhatIsStagedOrHereIsNotAskedFor) {
    staging_.put_whole(sha256("staged"), "staged");
    have("here", "here");
    EXPECT_EQ(find(2, {holding("a", "staged"), holding("b", "here"), holding("c", "new")}),
              Paths{"c"});
    EXPECT_TRUE(staging_.has(sha256("here")));
}

TEST_F(MissingContentTest, AFileThatOnlyChangesItsMetadataNeedsNothing) {
    have("here", "here");
    FileEntry other_mode = holding("here", "here");
    other_mode.mode = 0600;
    EXPECT_EQ(find(2, {other_mode}), Paths{});
    EXPECT_FALSE(staging_.has(sha256("here")));
}

TEST_F(MissingContentTest, WhatWasAlteredHereIsAskedFor) {
    have("here", "here");
    test::write_whole(directory_ / "here", "HERE");
    EXPECT_EQ(find(2, {holding("copy", "here"), holding("here", "here")}), Paths{"copy"});
}

TEST_F(MissingContentTest, AFileThatAnEarlierCutStillChangesIsNotInPlace) {
    have("here", "here");
    const std::vector<FileEntry> second{holding("here", "other")};
    state_.index().add_incoming(CutNumber(2), uploads, second);
    storage::ReceivedCut received;
    received.cut = CutNumber(2);
    state_.commit_received(received, {});
    EXPECT_EQ(find(3, {holding("here", "here")}), Paths{});
    EXPECT_TRUE(staging_.has(sha256("here")));  // it will be gone from its place by then
}

}  // namespace
}  // namespace farshore::secondary
