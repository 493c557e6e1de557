#include "agent/verification/fold_to_mark.hpp"

#include <gtest/gtest.h>

#include "tests/support/evidence_world.hpp"

namespace farshore::verification {
namespace {

using test::EvidenceWorld;

class FoldToMark : public testing::Test {
  protected:
    EvidenceWorld world_;

    Result<FoldedTree> fold(std::optional<MarkNumber> at) {
        return fold_to_mark(world_.store, world_.trust,
                            {{world_.stream, Epoch(1), world_.east}, world_.tree, at});
    }

    static std::vector<FileEntry> walked(const FoldedTree& folded) {
        std::vector<FileEntry> entries;
        folded.listing->walk("", [&](const FileEntry& entry, bool) {
            entries.push_back(entry);
            return true;
        });
        return entries;
    }

    std::vector<FileEntry> truth() {
        std::vector<FileEntry> entries;
        for (const auto& [path, entry] : world_.entries) {
            entries.push_back(entry);
        }
        return entries;
    }
};

TEST_F(FoldToMark, TheNewestMarkIsTheTree) {
    world_.run(5);
    const FoldedTree folded = fold(std::nullopt).take();
    EXPECT_TRUE(folded.exact);
    EXPECT_EQ(folded.mark.mark, MarkNumber(15));
    EXPECT_EQ(walked(folded), truth());
}

TEST_F(FoldToMark, AnEarlierManifestsEndIsExact) {
    world_.run(2);
    const std::vector<FileEntry> then = truth();
    world_.run(3);
    const FoldedTree folded = fold(MarkNumber(6)).take();
    EXPECT_TRUE(folded.exact);
    EXPECT_EQ(walked(folded), then);
}

TEST_F(FoldToMark, InsideAManifestLaterPathsAreNewer) {
    world_.run(2);
    world_.change(5);
    world_.mark();
    const std::map<std::string, FileEntry> then = world_.entries;
    world_.change(30);
    world_.mark();
    world_.write_manifest();
    world_.upload();
    const FoldedTree folded = fold(MarkNumber(7)).take();
    EXPECT_FALSE(folded.exact);
    EXPECT_EQ(folded.mark.mark, MarkNumber(7));
    std::map<std::string, FileEntry> expected = then;
    std::uint64_t newer = 0;
    folded.listing->walk("", [&](const FileEntry& entry, bool is_newer) {
        if (is_newer) {
            ++newer;
        } else {
            EXPECT_EQ(expected.at(entry.path), entry);
        }
        expected.erase(entry.path);
        return true;
    });
    EXPECT_GT(newer, 10U);
    EXPECT_EQ(newer, folded.listing->newer());
    EXPECT_TRUE(expected.empty());
}

TEST_F(FoldToMark, BeginsAtTheNewestCheckpoint) {
    world_.run(2);
    world_.now = world_.now + Duration{90'000LL * 1'000'000'000};
    world_.run(3);
    world_.store.objects.erase(world_.checkpoint_key(1));
    EXPECT_TRUE(fold(std::nullopt).ok());
    EXPECT_EQ(walked(fold(std::nullopt).take()), truth());
    EXPECT_EQ(fold(MarkNumber(6)).error().code(), ErrorCode::chain_broken);
}

TEST_F(FoldToMark, WhatIsNotThereIsSaid) {
    world_.run(1);
    EXPECT_EQ(fold(MarkNumber(4)).error().code(), ErrorCode::not_found);
    EXPECT_EQ(fold_to_mark(world_.store, world_.trust,
                           {{world_.stream, Epoch(1), world_.east}, SourceName("other"), {}})
                  .error()
                  .code(),
              ErrorCode::not_found);
    world_.store.objects.clear();
    EXPECT_EQ(fold(std::nullopt).error().code(), ErrorCode::not_found);
}

TEST_F(FoldToMark, UnsoundEvidenceIsNotFolded) {
    world_.run(4);
    const std::map<std::string, std::string> sound = world_.store.objects;
    const auto refused = [&](const std::string& key) {
        world_.store.objects = sound;
        std::string& bytes = world_.store.objects.at(key);
        bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
        EXPECT_FALSE(fold(std::nullopt).ok()) << key;
        world_.store.objects.erase(key);
        EXPECT_FALSE(fold(std::nullopt).ok()) << key;
    };
    refused(world_.manifest_key(2));
    refused(world_.changes_key(3));
    refused(world_.checkpoint_key(1));
    // A manifest that was signed anew is not the one that the next one names.
    world_.store.objects = sound;
    Manifest manifest =
        parse_manifest(world_.payload(world_.manifest_key(3), payload_type::manifest)).take();
    manifest.changes.clear();
    world_.replace(world_.manifest_key(3), payload_type::manifest, to_payload(manifest),
                   test::east_key());
    EXPECT_EQ(fold(std::nullopt).error().code(), ErrorCode::chain_broken);
    world_.store.away = true;
    EXPECT_THROW((void)fold(std::nullopt), Error);
}

}  // namespace
}  // namespace farshore::verification
