#include "storage/state/retained_entries.hpp"

#include <gtest/gtest.h>

#include "storage/state/secondary_schema.hpp"
#include "tests/support/names.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::storage {
namespace {

using test::uploads;

class RetainedEntriesTest : public testing::Test {
  protected:
    static FileEntry file(const std::string& path, const std::string& content) {
        FileEntry entry;
        entry.path = path;
        entry.size = content.size();
        entry.sha256 = sha256(content);
        return entry;
    }
    void add(const FileEntry& entry, std::int64_t at, const std::string& name) {
        retained_.add(uploads, entry, {.at = {at}, .replaced = false, .name = name});
    }
    std::vector<std::string> names(const std::string& path, std::int64_t until) {
        std::vector<std::string> found;
        retained_.walk(uploads, path, {until},
                       [&](const RetainedEntry& entry) { found.push_back(entry.how.name); });
        return found;
    }

    test::TemporaryDirectory directory_;
    Database database_{directory_ / "state.db"};
    RetainedEntries retained_{(prepare_secondary_tables(database_), database_)};
};

TEST_F(RetainedEntriesTest, AFolderIsWhatIsBelowItAndTheNewestComesFirst) {
    add(file("a", "1"), 10, "1-1-a");
    add(file("a/b", "2"), 20, "1-2-b");
    add(file("a/b", "3"), 30, "1-3-b");
    add(file("a-c", "4"), 40, "1-4-c");
    add(file("ab", "5"), 50, "1-5-ab");
    EXPECT_EQ(names("a", 100), (std::vector<std::string>{"1-1-a", "1-3-b", "1-2-b"}));
    EXPECT_EQ(names("a", 25), (std::vector<std::string>{"1-1-a", "1-2-b"}));
    EXPECT_EQ(names(".", 100).size(), 5U);
    EXPECT_TRUE(names("b", 100).empty());
}

TEST_F(RetainedEntriesTest, SumsAreThoseOfTheRows) {
    add(file("one", "12345"), 1, "1-1-x");
    add(file("two", "123"), 2, "");
    EXPECT_EQ(retained_.totals(uploads).entries, 2U);
    EXPECT_EQ(retained_.totals(uploads).bytes, 5U);
    const auto all = retained_.oldest(uploads, 10, [](const auto&) { return true; });
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].entry.path, "one");
    retained_.erase(uploads, all);
    retained_.erase(uploads, all);  // once more, as after a crash
    EXPECT_EQ(retained_.totals(uploads).entries, 0U);
    EXPECT_EQ(retained_.totals(uploads).bytes, 0U);
}

TEST_F(RetainedEntriesTest, ContentIsFoundAndMissed) {
    add(file("one", "content"), 1, "");
    EXPECT_TRUE(retained_.lacks_content(uploads, sha256("content")));
    EXPECT_FALSE(retained_.find_content(uploads, sha256("content")).has_value());
    add(file("two", "content"), 2, "1-2-x");
    EXPECT_EQ(retained_.find_content(uploads, sha256("content")), "1-2-x");
    EXPECT_FALSE(retained_.lacks_content(SourceName("other"), sha256("content")));
}

}  // namespace
}  // namespace farshore::storage
