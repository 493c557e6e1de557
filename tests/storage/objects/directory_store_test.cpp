#include "storage/objects/directory_store.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "storage/disk/posix_file_system.hpp"
#include "storage/objects/unfinished_name.hpp"
#include "tests/contracts/object_store_contract.hpp"
#include "tests/support/error_code.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::test {
namespace {

using storage::DirectoryStore;
using PutOutcome = storage::ObjectStore::PutOutcome;

class DirectoryPlace final : public StorePlace {
  public:
    std::unique_ptr<storage::ObjectStore> open() override {
        return std::make_unique<DirectoryStore>(file_system_, directory_ / "store");
    }

  private:
    TemporaryDirectory directory_;
    storage::PosixFileSystem file_system_;
};

INSTANTIATE_TEST_SUITE_P(Directory, ObjectStoreContract,
                         testing::Values(StoreMaker{
                             "directory", [] { return std::nullopt; },
                             [] { return std::make_unique<DirectoryPlace>(); }}),
                         [](const auto& maker) { return maker.param.name; });

using test::code_of;

class DirectoryStoreTest : public testing::Test {
  protected:
    TemporaryDirectory directory_;
    storage::PosixFileSystem file_system_;
    DirectoryStore store_{file_system_, directory_ / "store"};
};

TEST_F(DirectoryStoreTest, WithoutARootNothingCanBeAsked) {
    EXPECT_EQ(code_of([&] { static_cast<void>(store_.list("")); }), ErrorCode::store_refused);
    EXPECT_EQ(code_of([&] { static_cast<void>(store_.get("a", 1)); }), ErrorCode::store_refused);
    EXPECT_FALSE(std::filesystem::exists(directory_ / "store"));
}

TEST_F(DirectoryStoreTest, OnlyTheLastComponentOfTheRootIsMade) {
    EXPECT_EQ(store_.create("a", "1"), PutOutcome::created);
    DirectoryStore deep(file_system_, directory_ / "missing/store");
    EXPECT_EQ(code_of([&] { deep.check(); }), ErrorCode::store_refused);
    EXPECT_EQ(code_of([&] { static_cast<void>(deep.create("a", "1")); }), ErrorCode::store_refused);
}

TEST_F(DirectoryStoreTest, TheRootMayBeALink) {
    std::filesystem::create_directory(directory_ / "real");
    std::filesystem::create_directory_symlink(directory_ / "real", directory_ / "store");
    EXPECT_EQ(store_.create("a/b", "1"), PutOutcome::created);
    EXPECT_EQ(read_whole(directory_ / "real/a/b"), "1");
}

TEST_F(DirectoryStoreTest, UnfinishedFilesAreNotObjects) {
    EXPECT_EQ(store_.create("a/b", "bytes"), PutOutcome::created);
    const std::string leftover = storage::make_unfinished_name(sha256("bytes"), 0);
    write_whole(directory_ / ("store/a/" + leftover), "byt");
    EXPECT_EQ(store_.list(""), std::vector<std::string>{"a/b"});
    EXPECT_FALSE(storage::is_valid_object_key("a/" + leftover));
    // A new store begins to count anew, and passes it over.
    DirectoryStore other(file_system_, directory_ / "store");
    EXPECT_EQ(other.create("a/c", "bytes"), PutOutcome::created);
    EXPECT_EQ(read_whole(directory_ / ("store/a/" + leftover)), "byt");
}

TEST_F(DirectoryStoreTest, NothingUnfinishedStaysBehind) {
    EXPECT_EQ(store_.create("a/b", "1"), PutOutcome::created);
    EXPECT_EQ(store_.create("a/b", "2"), PutOutcome::different);
    store_.check();
    int count = 0;
    for (const auto& item : std::filesystem::recursive_directory_iterator(directory_ / "store")) {
        count += item.is_regular_file() ? 1 : 0;
    }
    EXPECT_EQ(count, 1);
}

TEST_F(DirectoryStoreTest, AnObjectIsNotForEverybody) {
    EXPECT_EQ(store_.create("a/b", "1"), PutOutcome::created);
    struct stat status {};
    ASSERT_EQ(stat((directory_ / "store/a/b").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0640U);
    EXPECT_EQ(status.st_nlink, 1U);
}

TEST_F(DirectoryStoreTest, ALinkIsNeverFollowed) {
    write_whole(directory_ / "outside", "secret");
    EXPECT_EQ(store_.create("a/b", "1"), PutOutcome::created);
    std::filesystem::create_symlink(directory_ / "outside", directory_ / "store/a/c");
    std::filesystem::create_directory_symlink(directory_.path(), directory_ / "store/d");
    EXPECT_EQ(code_of([&] { static_cast<void>(store_.get("a/c", 100)); }), ErrorCode::unsafe_path);
    EXPECT_EQ(code_of([&] { static_cast<void>(store_.get("d/outside", 100)); }),
              ErrorCode::unsafe_path);
    EXPECT_EQ(store_.list(""), std::vector<std::string>{"a/b"});
}

TEST_F(DirectoryStoreTest, AFolderThatWasRemovedMeanwhileIsMadeAnew) {
    EXPECT_EQ(store_.create("a/b", "1"), PutOutcome::created);
    std::filesystem::remove_all(directory_ / "store/a");
    EXPECT_EQ(store_.create("a/b", "1"), PutOutcome::created);
    EXPECT_EQ(store_.list(""), std::vector<std::string>{"a/b"});
}

TEST_F(DirectoryStoreTest, ATimeThatNoTimestampHoldsIsNotTold) {
    (void)store_.create("a/far", "x");
    const storage::Handle folder = file_system_.open_root(directory_ / "store/a");
    for (const std::int64_t seconds : {15'000'000'000LL, -15'000'000'000LL}) {
        file_system_.set_mtime(folder, "far", {seconds, 1});
        if (file_system_.status(folder, "far")->mtime.seconds != seconds) {
            continue;  // no time of this filesystem
        }
        const auto found = store_.list_stored("a/");
        ASSERT_EQ(found.size(), 1U);
        EXPECT_FALSE(found[0].stored.has_value());
    }
    file_system_.set_mtime(folder, "far", {-1, 5});
    EXPECT_EQ(store_.list_stored("a/")[0].stored, Timestamp{-999'999'995});
}

}  // namespace
}  // namespace farshore::test
