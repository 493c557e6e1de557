#include "agent/primary/files/exclude_patterns.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>

#include "tests/support/temporary_directory.hpp"

namespace farshore::primary {
namespace {

namespace fs = std::filesystem;

TEST(ExcludePatterns, Rules) {
    const ExcludePatterns none({});
    EXPECT_TRUE(none.empty());
    EXPECT_FALSE(none.excludes("a", false));
    const ExcludePatterns some({"*.tmp", "/cache/", "!keep.tmp", "# remark", "", "doc/*.txt"});
    EXPECT_TRUE(some.excludes("x.tmp", false));
    EXPECT_TRUE(some.excludes("a/b/x.tmp", true));
    EXPECT_FALSE(some.excludes("a/keep.tmp", false));
    EXPECT_TRUE(some.excludes("cache", true));
    EXPECT_FALSE(some.excludes("cache", false));
    EXPECT_TRUE(some.excludes("cache/keep.tmp", false));  // nothing comes back from in there
    EXPECT_FALSE(some.excludes("a/cache", true));
    EXPECT_TRUE(some.excludes("doc/a.txt", false));
    EXPECT_FALSE(some.excludes("doc/b/a.txt", false));
    EXPECT_FALSE(some.excludes(".", true));
}

// What git itself says of the same patterns and paths.
TEST(ExcludePatterns, AgreesWithGit) {
    if (std::system("git --version >/dev/null 2>&1") != 0) {
        GTEST_SKIP() << "no git here";
    }
    const std::vector<std::vector<std::string>> sets{
        {"*.o", "!important.o", "/build", "logs/"},
        {"**/deep", "a/**/z", "end/**", "**/x/y"},
        {"a[0-9]b", "q?", "[!k]eep", "tail\\ ", "space   ", "\\#hash", "\\!bang"},
        {"foo/*", "!foo/bar", "foo/bar/baz"},
        {"*", "!*/", "!*.keep"},
        {"/*", "!/kept", "kept/no"},
        {"sub/dir", "file.*", "/only/at/root"},
    };
    const std::vector<std::string> files{
        "x.o",        "important.o", "build/x",    "src/build/y", "logs/l",       "a/logs/l",
        "deep/f",     "b/deep/g",    "a/z",        "a/b/z",       "a/b/c/z",      "end/e",
        "x/y",        "w/x/y",       "a5b",        "q1",          "keep",         "leep",
        "tail ",      "space",       "#hash",      "!bang",       "foo/bar/baz",  "foo/qux",
        "foo/bar/ok", "one.keep",    "d/two.keep", "kept/yes",    "kept/no",      "gone",
        "sub/dir/f",  "t/sub/dir/f", "file.c",     "u/file.d",    "only/at/root", "v/only/at/root"};
    for (const auto& patterns : sets) {
        const test::TemporaryDirectory directory;
        ASSERT_EQ(std::system(("git init -q " + directory.path()).c_str()), 0);
        std::string lines;
        for (const std::string& pattern : patterns) {
            lines += pattern + "\n";
        }
        test::write_whole(directory / ".gitignore", lines);
        for (const std::string& file : files) {
            fs::create_directories(fs::path(directory / file).parent_path());
            test::write_whole(directory / file, "");
        }
        const ExcludePatterns ours(patterns);
        for (const std::string& file : files) {
            const bool ignored = std::system(("git -C " + directory.path() +
                                              " check-ignore -q --no-index '" + file + "'")
                                                 .c_str()) == 0;
            EXPECT_EQ(ours.excludes(file, false), ignored) << file << " by\n" << lines;
        }
    }
}

}  // namespace
}  // namespace farshore::primary
