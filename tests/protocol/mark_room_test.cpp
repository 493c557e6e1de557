#include "protocol/mark_room.hpp"

#include <gtest/gtest.h>

#include "protocol/envelope.hpp"
#include "protocol/frame_codec.hpp"
#include "protocol/message_cut.hpp"
#include "tests/support/sample_evidence.hpp"

namespace farshore {
namespace {

TreeMark tree_with(const std::string& name, std::size_t count) {
    TreeMark tree;
    tree.pending.files = count;
    tree.pending.oldest = test::sample_time();
    tree.pending.paths.assign(count, name);
    tree.uncovered.assign(count, {name, "cannot be read: " + name});
    return tree;
}

// Sealed and put into a frame, as it goes to a secondary.
std::size_t frame_bytes(const std::map<SourceName, SourceMark>& sources) {
    Mark mark = test::sample_mark();
    mark.complete = false;
    mark.sources = sources;
    const std::string envelope =
        seal_envelope(payload_type::mark, to_payload(mark), test::east_key());
    return to_frame(CutMark{envelope}).body.size();
}

TEST(MarkRoom, AMarkFitsAFrameWhateverTheNamesAre) {
    for (const std::string& name : {std::string(limits::path, 'a'), std::string(4095, '\x01'),
                                    std::string(4095, '\xff'), std::string(600, '"')}) {
        for (const std::size_t trees : {std::size_t{1}, std::size_t{2}, limits::sources}) {
            std::map<SourceName, SourceMark> sources;
            for (std::size_t i = 0; i < trees; ++i) {
                sources[SourceName("tree" + std::to_string(i))] =
                    tree_with(name, trees == 1 ? 150 : 12);
            }
            fit_into_mark(sources);
            EXPECT_LT(frame_bytes(sources), limits::frame_body) << trees << " trees";
        }
    }
}

TEST(MarkRoom, WhatIsTakenOutIsCounted) {
    std::map<SourceName, SourceMark> sources;
    sources[SourceName("uploads")] = tree_with(std::string(4000, 'p'), 90);
    fit_into_mark(sources);
    const auto& tree = std::get<TreeMark>(sources.at(SourceName("uploads")));
    EXPECT_EQ(tree.pending.files, 90u);
    EXPECT_GT(tree.pending.paths.size(), 20u);
    EXPECT_LT(tree.pending.paths.size(), 90u);
    EXPECT_GT(tree.uncovered.size(), 0u);
    EXPECT_EQ(tree.uncovered.size() + tree.uncovered_more, 90u);
}

TEST(MarkRoom, ShortNamesAreKeptUpToTheirNumber) {
    std::map<SourceName, SourceMark> sources;
    sources[SourceName("uploads")] = tree_with("2026/a.jpg", 150);
    DatabaseMark database;
    database.uncovered.assign(101, {"public.scratch", "unlogged"});
    sources[SourceName("app")] = database;
    fit_into_mark(sources);
    const auto& tree = std::get<TreeMark>(sources.at(SourceName("uploads")));
    EXPECT_EQ(tree.pending.paths.size(), limits::mark_pending_paths);
    EXPECT_EQ(tree.uncovered.size(), limits::mark_uncovered);
    EXPECT_EQ(tree.uncovered_more, 50u);
    EXPECT_EQ(std::get<DatabaseMark>(sources.at(SourceName("app"))).uncovered_more, 1u);
}

TEST(MarkRoom, ALongNameLeavesRoomForShortOnes) {
    std::map<SourceName, SourceMark> sources;
    TreeMark tree = tree_with("short", 3);
    tree.pending.files = 4;
    tree.pending.paths.insert(tree.pending.paths.begin(), std::string(mark_names_bytes, 'l'));
    sources[SourceName("uploads")] = tree;
    fit_into_mark(sources);
    EXPECT_EQ(std::get<TreeMark>(sources.at(SourceName("uploads"))).pending.paths,
              (std::vector<std::string>{"short", "short", "short"}));
}

}  // namespace
}  // namespace farshore
