#include "protocol/file_entry.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "protocol/json.hpp"
#include "protocol/limits.hpp"

namespace farshore {
namespace {

FileEntry file(const std::string& path) {
    FileEntry entry;
    entry.path = path;
    entry.mark = MarkNumber(1841);
    entry.mode = 0644;
    entry.uid = 33;
    entry.gid = 33;
    entry.mtime = {1'795'373'089, 123'456'789};
    entry.size = 51'234;
    entry.sha256 = sha256("content");
    return entry;
}

std::string some_bytes(std::mt19937& random, std::size_t limit, bool any) {
    std::string text(1 + random() % limit, '\0');
    for (char& c : text) {
        c = static_cast<char>(any ? 1 + random() % 255 : 'a' + random() % 26);
        c = c == '/' ? '_' : c;
    }
    return text;
}

FileEntry random_entry(std::mt19937& random) {
    FileEntry entry;
    do {
        entry.path = some_bytes(random, 30, random() % 2 == 0);
        if (random() % 2 == 0) {
            entry.path += "/" + some_bytes(random, 30, random() % 2 == 0);
        }
    } while (!is_safe_path(entry.path));
    entry.type = static_cast<EntryType>(1 + random() % 7);
    entry.mark = MarkNumber(random() % 2 == 0 ? random() : ~std::uint64_t{0} - random());
    if (entry.type == EntryType::deleted) {
        return entry;
    }
    entry.uid = static_cast<std::uint32_t>(random());
    entry.gid = static_cast<std::uint32_t>(random());
    entry.mtime = {static_cast<std::int64_t>(random()) << (random() % 32),
                   static_cast<std::uint32_t>(random() % 1'000'000'000)};
    if (entry.type == EntryType::symlink) {
        entry.target = some_bytes(random, 40, random() % 2 == 0);
    } else {
        entry.mode = static_cast<std::uint32_t>(random() % 010000);
    }
    if (entry.type == EntryType::file) {
        entry.size = std::uint64_t{random()} << (random() % 32);
        entry.sha256 = sha256(entry.path);
    }
    if (entry.type == EntryType::device) {
        entry.device = {random() % 2 == 0, static_cast<std::uint32_t>(random()),
                        static_cast<std::uint32_t>(random())};
    }
    if (random() % 4 == 0) {
        entry.link = some_bytes(random, 10, false);
    }
    for (unsigned i = 0; i < random() % 4; ++i) {
        entry.xattrs[some_bytes(random, 20, random() % 2 == 0)] = some_bytes(random, 40, true);
    }
    return entry;
}

std::string binary(const FileEntry& entry) {
    ByteWriter out;
    encode(entry, out);
    return out.take();
}

FileEntry decoded(const std::string& bytes) {
    ByteReader in(bytes);
    FileEntry entry = decode_file_entry(in);
    in.finish();
    return entry;
}

TEST(FileEntry, LineIsCanonicalJson) {
    EXPECT_EQ(to_json_line(file("2026/a.jpg")),
              R"({"gid":33,"mark":1841,"mode":"0644","mtime":"2026-11-22T18:44:49.123456789Z",)"
              R"("path":"2026/a.jpg","sha256":")" +
                  sha256("content").hex() + R"(","size":51234,"type":"file","uid":33})");
    FileEntry deleted;
    deleted.path = "old.jpg";
    deleted.type = EntryType::deleted;
    deleted.mark = MarkNumber(1841);
    EXPECT_EQ(to_json_line(deleted), R"({"mark":1841,"path":"old.jpg","type":"deleted"})");
}

TEST(FileEntry, DigestIsThatOfTheLineWithoutMark) {
    FileEntry entry = file("a");
    std::string line = to_json_line(entry);
    line.erase(line.find("\"mark\":1841,"), 12);
    EXPECT_EQ(entry_digest(entry), sha256(line));
    const Digest before = entry_digest(entry);
    entry.mark = MarkNumber(7);
    EXPECT_EQ(entry_digest(entry), before);
    entry.mtime.nanoseconds += 1;
    EXPECT_NE(entry_digest(entry), before);
}

TEST(FileEntry, RoundTripsAsLineAndAsBytes) {
    std::mt19937 random(7);
    for (int i = 0; i < 5'000; ++i) {
        const FileEntry entry = random_entry(random);
        const std::string line = to_json_line(entry);
        const Result<FileEntry> read = parse_json_line(line);
        ASSERT_TRUE(read.ok()) << line << " " << read.error().message();
        ASSERT_EQ(read.value(), entry) << line;
        ASSERT_EQ(to_canonical_json(parse_json(line, limits::listing_line).take()), line);
        ASSERT_EQ(decoded(binary(entry)), entry) << line;
    }
}

TEST(FileEntry, BytesCutShortAreRefused) {
    std::mt19937 random(8);
    for (int i = 0; i < 100; ++i) {
        const std::string bytes = binary(random_entry(random));
        for (std::size_t length = 0; length < bytes.size(); ++length) {
            EXPECT_THROW((void)decoded(bytes.substr(0, length)), Error);
        }
    }
}

TEST(FileEntry, PathsStayInTheTree) {
    for (const char* path :
         {".", "a", "a/b", ".a", "...", "a/.farshore", ".farshored", "a b", "\xff"}) {
        EXPECT_TRUE(is_safe_path(path)) << path;
    }
    for (const std::string& path :
         {std::string(), std::string("/"), std::string("/a"), std::string("a/"),
          std::string("a//b"), std::string(".."), std::string("a/.."), std::string("../a"),
          std::string("a/../b"), std::string("./a"), std::string("a/."), std::string(".farshore"),
          std::string(".farshore/x"), std::string("a\0b", 3), std::string(256, 'x'),
          std::string(limits::path + 1, 'x')}) {
        EXPECT_FALSE(is_safe_path(path)) << path;
    }
    EXPECT_EQ(parent_path("a"), ".");
    EXPECT_EQ(parent_path("a/b/c"), "a/b");
}

TEST(FileEntry, UnsafePathsAreRefusedInBothForms) {
    for (const char* path : {"/etc/passwd", "../x", "a/../../x", ".farshore/marker"}) {
        const FileEntry entry = file(path);
        EXPECT_FALSE(parse_json_line(to_json_line(entry)).ok()) << path;
        try {
            (void)decoded(binary(entry));
            ADD_FAILURE() << path;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::unsafe_path);
        }
    }
}

// Each alters a sound entry into one that must not be read.
TEST(FileEntry, BrokenEntriesAreRefused) {
    const std::function<void(FileEntry&)> breaks[] = {
        [](FileEntry& e) { e.mode = 010000; },
        [](FileEntry& e) { e.mtime.nanoseconds = 1'000'000'000; },
        [](FileEntry& e) { e.path = "."; },
        [](FileEntry& e) { e.xattrs[""] = "x"; },
        [](FileEntry& e) { e.xattrs[std::string("a\0b", 3)] = "x"; },
        [](FileEntry& e) { e.xattrs[std::string(256, 'a')] = "x"; },
        [](FileEntry& e) { e.xattrs["a"] = std::string(limits::xattr_value + 1, 'x'); },
        [](FileEntry& e) { e.link = "\xff"; },
    };
    for (const auto& alter : breaks) {
        FileEntry entry = file("a");
        alter(entry);
        EXPECT_THROW((void)decoded(binary(entry)), Error);
    }
    FileEntry symlink = file("l");
    symlink.type = EntryType::symlink;
    symlink.mode = 0;
    for (const std::string& target :
         {std::string(), std::string("a\0b", 3), std::string(limits::symlink_target + 1, 'x')}) {
        symlink.target = target;
        EXPECT_THROW((void)decoded(binary(symlink)), Error);
        EXPECT_FALSE(parse_json_line(to_json_line(symlink)).ok());
    }
}

TEST(FileEntry, LinesOfOtherFormAreRefused) {
    const std::string sound = to_json_line(file("a"));
    ASSERT_TRUE(parse_json_line(sound).ok());
    const std::pair<std::string, std::string> replacements[] = {
        {"\"uid\":33", "\"uid\":33,\"x\":1"},
        {"\"uid\":33", "\"uid\":33,\"uid\":34"},
        {"\"uid\":33", "\"uid\":4294967296"},
        {"\"uid\":33", "\"uid\":-1"},
        {",\"uid\":33", ""},
        {"\"0644\"", "\"644\""},
        {"\"0644\"", "\"00644\""},
        {"\"0644\"", "\"0688\""},
        {"\"0644\"", "420"},
        {"\"file\"", "\"folder\""},
        {"\"file\"", "\"\""},
        {"\"file\"", "\"directory\""},
        {"\"path\":\"a\"", "\"path_base64\":\"YQ==\""},
        {"\"path\":\"a\"", "\"path\":\"a\",\"path_base64\":\"/w==\""},
        {"\"size\":51234", "\"size\":\"51234\""},
        {"\"size\":51234", "\"size\":1.5"},
        {"\"mark\":1841", "\"mark\":null"},
        {"\"mtime\":\"2026-11-22T18:44:49.123456789Z\"", "\"mtime\":\"2026-11-22T18:44:49Z\""},
        {"\"uid\":33", "\"uid\":33,\"xattrs\":{}"},
        {"\"uid\":33", "\"uid\":33,\"xattrs\":{\"user.a\":\"?\"}"},
        {"\"uid\":33", "\"uid\":33,\"xattrs_base64\":{\"YQ==\":\"YQ==\"}"},
        {"\"uid\":33", "\"uid\":33,\"link\":\"\""},
        {"\"uid\":33", "\"uid\":33,\"target\":\"b\""},
    };
    for (const auto& [from, to] : replacements) {
        std::string line = sound;
        const std::size_t at = line.find(from);
        ASSERT_NE(at, std::string::npos) << from;
        line.replace(at, from.size(), to);
        const Result<FileEntry> read = parse_json_line(line);
        ASSERT_FALSE(read.ok()) << line;
        EXPECT_EQ(read.error().code(), ErrorCode::malformed);
    }
}

}  // namespace
}  // namespace farshore
