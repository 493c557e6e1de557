#include "agent/verification/listing_fold.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace farshore::verification {
namespace {

FileEntry entry(const std::string& path, std::uint64_t size) {
    FileEntry result;
    result.path = path;
    result.mark = MarkNumber(1);
    result.size = size;
    result.sha256 = sha256(std::to_string(size));
    return result;
}

FileEntry deleted(const std::string& path) {
    FileEntry result;
    result.path = path;
    result.type = EntryType::deleted;
    result.mark = MarkNumber(1);
    return result;
}

TEST(ListingFold, TotalsFollowEachChange) {
    std::mt19937 random(12);
    ListingFold fold;
    std::map<std::string, FileEntry> truth;
    for (int i = 0; i < 5'000; ++i) {
        const std::string path =
            std::string(1, static_cast<char>(random() % 255 + 1)) + std::to_string(random() % 50);
        if (random() % 3 == 0) {
            fold.apply(deleted(path));
            truth.erase(path);
        } else {
            truth[path] = entry("x" + path, random());
            truth[path].path = path;
            if (!is_safe_path(path)) {
                truth.erase(path);
                continue;
            }
            fold.apply(truth[path]);
        }
    }
    ListingTotals expected;
    for (const auto& [path, item] : truth) {
        ++expected.entries;
        expected.bytes += item.size;
        expected.digest.add(entry_digest(item));
    }
    EXPECT_EQ(fold.totals(), expected);
    auto next = truth.begin();
    fold.walk("", [&](const FileEntry& item, bool is_newer) {
        EXPECT_EQ(item, next->second);
        EXPECT_FALSE(is_newer);
        ++next;
        return true;
    });
    EXPECT_EQ(next, truth.end());
}

TEST(ListingFold, NewerPathsDontCount) {
    ListingFold fold;
    fold.apply(entry("a", 1));
    const ListingTotals one = fold.totals();
    fold.apply(entry("b", 2));
    fold.set_newer(deleted("b"));
    fold.set_newer(entry("c", 3));
    EXPECT_EQ(fold.totals(), one);
    EXPECT_EQ(fold.newer(), 2U);
    fold.apply(entry("c", 3));
    EXPECT_EQ(fold.newer(), 1U);
    EXPECT_EQ(fold.totals().entries, 2U);
}

TEST(ListingFold, WalksFromAPathAndStops) {
    ListingFold fold;
    for (const char* path : {"a", "b", "c", "d"}) {
        fold.apply(entry(path, 1));
    }
    std::string seen;
    fold.walk("a", [&](const FileEntry& item, bool) {
        seen += item.path;
        return item.path != "c";
    });
    EXPECT_EQ(seen, "bc");
}

}  // namespace
}  // namespace farshore::verification
