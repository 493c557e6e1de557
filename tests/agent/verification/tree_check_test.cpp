#include "agent/verification/tree_check.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "storage/disk/posix_file_system.hpp"
#include "storage/disk/tree_marker.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/tree_listing.hpp"

namespace farshore::verification {
namespace {

class TreeCheckTest : public testing::Test {
  protected:
    TreeCheckTest() {
        sh(R"(
            echo a > a; echo a-b > a-b; mkdir a-d d d/sub; echo x > d/x; echo y > d/sub/y
            echo one > link1; ln link1 link2; ln -s a pointer; mkfifo pipe; : > ./-dash
        )");
        storage::make_our_directory(files_, root_);
        listing_ = test::listing_of(directory_.path());
    }
    void sh(const std::string& script) {
        const auto outcome =
            test::run({"sh", "-euc", "cd \"$1\"\n" + script, "sh", directory_.path()});
        ASSERT_EQ(outcome.status, 0) << outcome.err;
    }
    std::vector<Finding> check(const DiskWalk::IsLeftOut& left_out = {},
                               const std::string& ignored = "") {
        std::vector<Finding> findings;
        TreeCheck check(files_, root_, SourceName("uploads"), left_out,
                        [&](Finding finding) { findings.push_back(std::move(finding)); });
        for (const FileEntry& entry : listing_) {
            if (entry.path == ignored) {
                check.ignore(entry.path);
            } else {
                check.expect(entry);
            }
        }
        check.finish();
        EXPECT_EQ(check.paths(), listing_.size() - (ignored.empty() ? 0 : 1));
        return findings;
    }
    // Exactly one finding, of that path.
    Finding only(const std::string& place) {
        const auto findings = check();
        EXPECT_EQ(findings.size(), 1U);
        EXPECT_EQ(findings.empty() ? "" : findings[0].place, place);
        return findings.empty() ? Finding{} : findings[0];
    }
    void touch_back(const std::string& path) {
        for (const FileEntry& entry : listing_) {
            if (entry.path == path) {
                files_.set_mtime(root_, path, entry.mtime);
            }
        }
        files_.set_mtime(root_, ".", listing_of("."));
    }
    FileTime listing_of(const std::string& path) {
        for (const FileEntry& entry : listing_) {
            if (entry.path == path) {
                return entry.mtime;
            }
        }
        return {};
    }

    test::TemporaryDirectory directory_;
    storage::PosixFileSystem files_;
    storage::Handle root_ = files_.open_root(directory_.path());
    std::vector<FileEntry> listing_;
};

TEST_F(TreeCheckTest, AnEqualTreeHasNoFindings) {
    EXPECT_TRUE(check().empty());
}

TEST_F(TreeCheckTest, ContentThatChangedUnderTheSameSizeAndTimeIsFound) {
    test::write_whole(directory_ / "d/sub/y", "z\n");
    touch_back("d/sub/y");
    const Finding finding = only("d/sub/y");
    EXPECT_EQ(finding.kind, FindingKind::path_differs);
    EXPECT_EQ(finding.source, "uploads");
    EXPECT_EQ(finding.expected, "sha256 " + sha256("y\n").hex());
    EXPECT_EQ(finding.found, "sha256 " + sha256("z\n").hex());
}

TEST_F(TreeCheckTest, EachAttributeIsNamed) {
    ASSERT_EQ(::chmod((directory_ / "a").c_str(), 0600), 0);
    EXPECT_EQ(only("a").found, "mode 0600");
    sh("chmod 0644 a");
    sh("touch -d '2001-01-01' d");
    EXPECT_TRUE(only("d").found.starts_with("mtime 2001-01-0"));
    touch_back("d");
    sh("ln -sfn a-b pointer");
    touch_back("pointer");
    EXPECT_EQ(only("pointer").expected, "target a");
    sh("ln -sfn a pointer");
    touch_back("pointer");
    ASSERT_EQ(::setxattr((directory_ / "a").c_str(), "user.x", "1", 1, 0), 0);
    EXPECT_TRUE(only("a").found.starts_with("xattrs user.x with"));
}

TEST_F(TreeCheckTest, MissingAndExtraPathsAreFound) {
    sh("rm a-b; rm -r d/sub; echo > zz; mkdir d/new; echo > d/new/n; echo > a.c");
    touch_back("d");
    const auto findings = check();
    std::string all;
    for (const Finding& finding : findings) {
        all += finding.place +
               (finding.kind == FindingKind::path_extra     ? "+"
                : finding.kind == FindingKind::path_missing ? "-"
                                                            : "?") +
               " ";
    }
    EXPECT_EQ(all, "a-b- a.c+ d/new+ d/new/n+ d/sub- d/sub/y- zz+ ");
}

TEST_F(TreeCheckTest, AnotherTypeIsOneFinding) {
    sh("rm a; mkdir a");
    touch_back("a");
    EXPECT_EQ(only("a").expected, "type file");
    EXPECT_EQ(only("a").found, "type directory");
}

TEST_F(TreeCheckTest, HardLinksMustBelongTogether) {
    sh("cp -p link2 new; mv new link2");
    touch_back(".");
    EXPECT_EQ(only("link2").found, "hard link a file of its own");
    sh("rm link2; ln link1 link2; rm a-b; ln link1 a-b");
    touch_back(".");
    const auto findings = check();
    ASSERT_EQ(findings.size(), 3U);
    EXPECT_EQ(findings[0].place, "a-b");  // its content is another
    EXPECT_EQ(findings[1].place, "link1");
    EXPECT_EQ(findings[1].found, "hard link one file with another path");
    EXPECT_EQ(findings[2].place, "link2");
}

TEST_F(TreeCheckTest, WhatIsLeftOutOrIgnoredIsNotLookedAt) {
    sh("echo > a.tmp; mkdir tmp; echo > tmp/x; echo changed > d/x");
    touch_back(".");
    const auto left_out = [](std::string_view path) { return path == "a.tmp" || path == "tmp"; };
    EXPECT_TRUE(check(left_out, "d/x").empty());
}

TEST_F(TreeCheckTest, AFileThatVanishesIsAFinding) {
    sh("rm a; mkfifo a");
    touch_back("a");
    EXPECT_EQ(only("a").found, "type fifo");
}

// Who writes to one of them afterwards changes the other.
TEST_F(TreeCheckTest, TwoPathsThatBecameOneFileAreADifference) {
    sh("cp -p a z");
    listing_ = test::listing_of(directory_.path());
    sh("ln -f a z");
    touch_back(".");
    const Finding finding = only("z");
    EXPECT_NE(finding.expected.find("hard link none"), std::string::npos) << finding.expected;
}

}  // namespace
}  // namespace farshore::verification
