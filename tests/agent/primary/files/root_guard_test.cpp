#include "agent/primary/files/root_guard.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "storage/disk/posix_file_system.hpp"
#include "storage/disk/tree_marker.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::primary {
namespace {

namespace fs = std::filesystem;

class RootGuardTest : public testing::Test {
  protected:
    RootGuardTest() { fs::create_directory(root()); }

    [[nodiscard]] std::string root() const { return directory_ / "root"; }
    void expect_changed(const Result<storage::Handle>& opened, const std::string& reason) {
        ASSERT_FALSE(opened.ok());
        EXPECT_EQ(opened.error().code(), ErrorCode::root_changed);
        EXPECT_NE(opened.error().message().find(reason), std::string::npos)
            << opened.error().message();
    }

    test::TemporaryDirectory directory_;
    storage::PosixFileSystem files_;
    runtime::SystemRandom random_;
    storage::PrimaryState state_{directory_ / "state.db"};
};

TEST_F(RootGuardTest, MarksTheRootOnceAndKeepsItsTimes) {
    struct stat before {};
    ASSERT_EQ(::stat(root().c_str(), &before), 0);
    RootGuard first(files_, StreamName("shop"), SourceName("files"), root());
    first.recognise(state_, random_);
    EXPECT_TRUE(first.open().ok());
    struct stat after {};
    ASSERT_EQ(::stat(root().c_str(), &after), 0);
    EXPECT_EQ(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    const auto marker = storage::read_marker(files_, files_.open_root(root()));
    ASSERT_TRUE(marker.has_value());

    RootGuard second(files_, StreamName("shop"), SourceName("files"), root());
    second.recognise(state_, random_);
    EXPECT_TRUE(second.open().ok());
    EXPECT_EQ(storage::read_marker(files_, files_.open_root(root())), marker);
}

TEST_F(RootGuardTest, NamesWhatIsWrong) {
    RootGuard guard(files_, StreamName("shop"), SourceName("files"), root());
    guard.recognise(state_, random_);
    fs::rename(root(), directory_ / "away");
    expect_changed(guard.open(), "No such file");
    fs::create_directory(root());
    expect_changed(guard.open(), "another directory");
    fs::remove(root());
    fs::create_directory_symlink("away", root());
    expect_changed(guard.open(), "open the directory");
    fs::remove(root());
    // A copy bears the same marker, and is not the root.
    fs::copy(directory_ / "away", root(), fs::copy_options::recursive);
    expect_changed(guard.open(), "another directory");
    RootGuard restarted(files_, StreamName("shop"), SourceName("files"), root());
    EXPECT_THROW(restarted.recognise(state_, random_), Error);
    fs::remove_all(root());
    fs::rename(directory_ / "away", root());
    EXPECT_TRUE(guard.open().ok());
    fs::remove_all(root() + "/.farshore");
    expect_changed(guard.open(), "no marker");
}

// Somebody cleaned the directory: nothing but the message told how to go on.
TEST_F(RootGuardTest, TellsHowAMarkerThatWasDeletedIsPutBack) {
    RootGuard guard(files_, StreamName("shop"), SourceName("files"), root());
    guard.recognise(state_, random_);
    fs::remove_all(root() + "/.farshore");
    const Result<storage::Handle> opened = guard.open();
    ASSERT_FALSE(opened.ok());
    const std::string& message = opened.error().message();
    fs::create_directory(root() + "/.farshore");
    std::ofstream(root() + "/.farshore/marker.json") << message.substr(message.find('{')) << "\n";
    EXPECT_TRUE(guard.open().ok());
}

TEST_F(RootGuardTest, RefusesAnotherStreamsRootAndAReplica) {
    const storage::Handle handle = files_.open_root(root());
    storage::write_marker(files_, handle,
                          {.stream = StreamName("other"),
                           .tree = SourceName("files"),
                           .role = storage::TreeMarker::Role::primary,
                           .id = std::string(32, 'a')});
    RootGuard guard(files_, StreamName("shop"), SourceName("files"), root());
    EXPECT_THROW(guard.recognise(state_, random_), Error);
    storage::write_marker(files_, handle,
                          {.stream = StreamName("shop"),
                           .tree = SourceName("files"),
                           .role = storage::TreeMarker::Role::secondary,
                           .id = std::string(32, 'a')});
    EXPECT_THROW(guard.recognise(state_, random_), Error);
    EXPECT_FALSE(guard.is_recognised());
}

TEST_F(RootGuardTest, AMarkerOutlivesALostState) {
    RootGuard first(files_, StreamName("shop"), SourceName("files"), root());
    first.recognise(state_, random_);
    storage::PrimaryState fresh(directory_ / "fresh.db");
    RootGuard second(files_, StreamName("shop"), SourceName("files"), root());
    second.recognise(fresh, random_);
    EXPECT_TRUE(second.open().ok());
}

}  // namespace
}  // namespace farshore::primary
