#include "agent/secondary/files/tree_applier.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/disk/posix_file_system.hpp"
#include "storage/state/secondary_state.hpp"
#include "tests/agent/secondary/files/replica_fixture.hpp"
#include "tests/agent/secondary/files/tree_changes.hpp"
#include "tests/support/faulty_file_system.hpp"
#include "tests/support/process.hpp"
#include "tests/support/tree_comparison.hpp"
#include "tests/support/tree_listing.hpp"

namespace farshore::secondary {
namespace {

class TreeApplierTest : public testing::Test {
  protected:
    test::TemporaryDirectory directory_;
    Replica replica_{directory_.path()};
    storage::PosixFileSystem files_;

    std::string source(const std::string& path) { return replica_.source() + "/" + path; }
    std::string replica(const std::string& path) { return replica_.root() + "/" + path; }
    void expect_equal() {
        EXPECT_EQ(test::tree_differences(replica_.source(), replica_.root()), "");
    }
    void expect_index_is_the_source() {
        storage::SecondaryState state(replica_.state());
        storage::TreeTotals expected;
        for (const FileEntry& entry : test::listing_of(replica_.source())) {
            expected.entries += 1;
            expected.bytes += entry.size;
            expected.digest.add(entry_digest(entry));
        }
        const storage::TreeTotals totals = state.index().totals(replica_tree);
        EXPECT_EQ(totals.entries, expected.entries);
        EXPECT_EQ(totals.bytes, expected.bytes);
        EXPECT_EQ(totals.digest, expected.digest);
    }
};

TEST_F(TreeApplierTest, EveryKindOfChangeArrives) {
    make_tree(replica_.source());
    replica_.carry();
    expect_equal();
    expect_index_is_the_source();
    change_tree(replica_.source());
    const ApplyReport report = replica_.carry();
    expect_equal();
    expect_index_is_the_source();
    EXPECT_EQ(report.altered.count(), 0U) << report.altered.first().front();
    EXPECT_EQ(report.not_kept.count(), 0U);
    EXPECT_GT(report.removed, 0U);
    EXPECT_GT(report.linked, 0U);
    // And nothing at all happens where nothing changed.
    replica_.carry();
    expect_equal();
}

TEST_F(TreeApplierTest, RenamesAndLinksBringNoContent) {
    make_tree(replica_.source());
    replica_.carry();
    const std::uint64_t before = replica_.sent();
    struct stat old_inode {};
    ASSERT_EQ(::stat(replica("big").c_str(), &old_inode), 0);
    ASSERT_EQ(::rename(source("big").c_str(), source("grown").c_str()), 0);
    ASSERT_EQ(::rename(source("dir").c_str(), source("renamed").c_str()), 0);
    ASSERT_EQ(::link(source("stays").c_str(), source("stays too").c_str()), 0);
    ASSERT_EQ(::chmod(source("changes").c_str(), 0600), 0);
    ASSERT_EQ(::unlink(source("link2").c_str()), 0);
    replica_.carry();
    expect_equal();
    EXPECT_EQ(replica_.sent(), before);
    struct stat new_inode {};
    ASSERT_EQ(::stat(replica("grown").c_str(), &new_inode), 0);
    EXPECT_EQ(new_inode.st_ino, old_inode.st_ino);
}

TEST_F(TreeApplierTest, SeveralCutsWaitAndAreAppliedInOrder) {
    make_tree(replica_.source());
    replica_.receive(files_, replica_.take_cut());
    change_tree(replica_.source());
    replica_.receive(files_, replica_.take_cut());
    ASSERT_EQ(::unlink(source("changes").c_str()), 0);
    ASSERT_EQ(::rename(source("holes").c_str(), source("changes").c_str()), 0);
    test::write_whole(source("twice9"), "twice\n");
    test::write_whole(source("old again"), "old\n");
    replica_.receive(files_, replica_.take_cut());
    replica_.apply(files_);
    expect_equal();
    expect_index_is_the_source();
}

TEST_F(TreeApplierTest, WhatIsNotOursIsKeptAndNamed) {
    make_tree(replica_.source());
    replica_.carry();
    test::write_whole(replica("dir/gone/theirs"), "precious");
    test::write_whole(replica("new"), "in the way");
    ASSERT_EQ(::mkdir(replica("moved").c_str(), 0755), 0);
    test::write_whole(replica("moved/theirs"), "precious too");
    test::write_whole(replica("moves"), "edited here");
    change_tree(replica_.source());
    const ApplyReport report = replica_.carry();
    expect_equal();
    EXPECT_EQ(report.altered.count(), 4U);
    std::string kept;
    for (const auto& item : files_.list(files_.open_root(replica_.root() + "/.farshore/foreign"))) {
        kept += item.name + "\n";
    }
    for (const char* name : {"theirs", "-new", "-moved", "-moves"}) {
        EXPECT_NE(kept.find(name), std::string::npos) << name << " is not in " << kept;
    }
}

TEST_F(TreeApplierTest, ALinkPutWhereADirectoryWasLeadsNowhere) {
    make_tree(replica_.source());
    replica_.carry();
    const test::TemporaryDirectory outside;
    ASSERT_EQ(test::run({"mv", replica("dir"), outside / "stolen"}).status, 0);
    ASSERT_EQ(::symlink((outside / "stolen").c_str(), replica("dir").c_str()), 0);
    const auto before = test::listing_of(outside.path());
    test::write_whole(source("dir/a"), "a new a");
    test::write_whole(source("dir/sub/b"), "a new b");
    const ApplyReport report = replica_.carry();
    EXPECT_EQ(test::listing_of(outside.path()), before);
    EXPECT_EQ(test::read_whole(replica("dir/a")), "a new a");
    EXPECT_EQ(test::read_whole(replica("dir/sub/b")), "a new b");
    EXPECT_EQ(files_.status(files_.open_root(replica_.root()), "dir")->type, EntryType::directory);
    EXPECT_GT(report.altered.count(), 0U);
}

TEST_F(TreeApplierTest, AFileThatWasAlteredHereIsNotTakenForTheContent) {
    make_tree(replica_.source());
    replica_.carry();
    test::write_whole(replica("stays"), "STAYS\n");  // as long as before
    ASSERT_EQ(::link(source("stays").c_str(), source("stays too").c_str()), 0);
    replica_.carry();
    EXPECT_EQ(test::read_whole(replica("stays too")), "stays\n");
    expect_equal();
}

TEST_F(TreeApplierTest, WithoutRightsTheRestArrives) {
    make_tree(replica_.source());
    if (::geteuid() == 0) {
        ASSERT_EQ(::chown(source("stays").c_str(), 12345, 23456), 0);
    }
    test::FaultyFileSystem poor(files_);
    poor.refuse_rights();
    replica_.receive(poor, replica_.take_cut());
    const ApplyReport report = replica_.apply(poor);
    EXPECT_EQ(test::read_whole(replica("stays")), "stays\n");
    if (::geteuid() == 0) {
        EXPECT_EQ(report.not_kept.first(), (std::vector<std::string>{"pipe", "stays"}));
    }
}

TEST_F(TreeApplierTest, AFullDiskIsTriedAgain) {
    make_tree(replica_.source());
    test::FaultyFileSystem full(files_);
    const Replica::Cut cut = replica_.take_cut();
    full.set_room(100);
    EXPECT_THROW(replica_.receive(full, cut), Error);
    full.clear_faults();
    replica_.receive(full, cut);
    full.fail(test::FaultyFileSystem::Call::rename, 3, ErrorCode::disk_full);
    EXPECT_THROW(replica_.apply(full), Error);
    full.fail(test::FaultyFileSystem::Call::make_directory, 1, ErrorCode::disk_full);
    EXPECT_THROW(replica_.apply(full), Error);
    replica_.apply(full);
    expect_equal();
}

TEST_F(TreeApplierTest, EveryPromiseComesAfterItsSync) {
    make_tree(replica_.source());
    test::FaultyFileSystem files(files_);
    const Replica::Cut cut = replica_.take_cut();
    files.fail_syncs_from(1);
    EXPECT_THROW(replica_.receive(files, cut), Error);
    EXPECT_TRUE(storage::SecondaryState(replica_.state()).standing().received_cut.is_zero());
    files.clear_faults();
    replica_.receive(files, cut);
    EXPECT_EQ(files.trace().back(), test::FaultyFileSystem::Call::sync_filesystem);
    files.fail_syncs_from(1);
    EXPECT_THROW(replica_.apply(files), Error);
    EXPECT_TRUE(storage::SecondaryState(replica_.state()).standing().applied_cut.is_zero());
    files.clear_faults();
    replica_.apply(files);
    EXPECT_EQ(files.trace().back(), test::FaultyFileSystem::Call::sync_filesystem);
    EXPECT_FALSE(storage::SecondaryState(replica_.state()).standing().applied_cut.is_zero());
    expect_equal();
}

}  // namespace
}  // namespace farshore::secondary
