#include "storage/evidence/change_list.hpp"

#include <gtest/gtest.h>
#include <zstd.h>

#include "protocol/limits.hpp"

namespace farshore::storage {
namespace {

FileEntry entry(const std::string& path) {
    FileEntry result;
    result.path = path;
    result.mark = MarkNumber(1);
    result.mode = 0644;
    result.sha256 = sha256(path);
    return result;
}

std::string numbered(int i) {
    std::string text = std::to_string(i);
    return "f" + std::string(6 - text.size(), '0') + text;
}

std::string compressed(const std::string& text) {
    std::string bytes(ZSTD_compressBound(text.size()), '\0');
    bytes.resize(ZSTD_compress(bytes.data(), bytes.size(), text.data(), text.size(), 3));
    return bytes;
}

// What reading it to its end complains about; empty when nothing.
std::string complaint(std::string_view bytes, std::uint64_t count) {
    try {
        ChangeListReader reader(bytes, count);
        while (reader.next()) {
        }
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::malformed);
        return error.message();
    }
    return "";
}

TEST(ChangeList, RoundTripsAnyNumberOfEntries) {
    for (int count : {0, 1, 2, 100, 20'000}) {
        ChangeListWriter writer;
        for (int i = 0; i < count; ++i) {
            writer.add(entry(numbered(i)));
        }
        const ChangeList list = writer.finish();
        EXPECT_EQ(list.count, static_cast<std::uint64_t>(count));
        EXPECT_EQ(list.digest, sha256(list.bytes));
        ChangeListReader reader(list.bytes, list.count);
        for (int i = 0; i < count; ++i) {
            ASSERT_EQ(reader.next(), entry(numbered(i)));
        }
        EXPECT_FALSE(reader.next().has_value());
    }
}

TEST(ChangeList, EveryFlippedBitIsFound) {
    ChangeListWriter writer;
    for (int i = 0; i < 20; ++i) {
        writer.add(entry(numbered(i)));
    }
    const ChangeList list = writer.finish();
    for (std::size_t i = 0; i < list.bytes.size(); ++i) {
        std::string altered = list.bytes;
        altered[i] = static_cast<char>(altered[i] ^ 0x10);
        EXPECT_NE(sha256(altered), list.digest);
        // The digest is looked at first; the reader must hold without it too.
        (void)complaint(altered, list.count);
    }
}

TEST(ChangeList, CutShortIsFound) {
    ChangeListWriter writer;
    for (int i = 0; i < 20; ++i) {
        writer.add(entry(numbered(i)));
    }
    const ChangeList list = writer.finish();
    for (std::size_t length = 0; length < list.bytes.size(); ++length) {
        EXPECT_NE(complaint(std::string_view(list.bytes).substr(0, length), list.count), "");
    }
    EXPECT_NE(complaint(list.bytes + "x", list.count), "");
    EXPECT_NE(complaint(list.bytes + list.bytes, list.count), "");
}

TEST(ChangeList, CountAndOrderMustBeRight) {
    const std::string a = to_json_line(entry("a")) + "\n";
    const std::string b = to_json_line(entry("b")) + "\n";
    EXPECT_EQ(complaint(compressed(a + b), 2), "");
    EXPECT_NE(complaint(compressed(a + b), 1).find("more than 1"), std::string::npos);
    EXPECT_NE(complaint(compressed(a + b), 3).find("2 lines instead of 3"), std::string::npos);
    EXPECT_NE(complaint(compressed(b + a), 2).find("order"), std::string::npos);
    EXPECT_NE(complaint(compressed(a + a), 2).find("order"), std::string::npos);
    EXPECT_NE(complaint(compressed(a + b.substr(0, b.size() - 1)), 2).find("no end"),
              std::string::npos);
    EXPECT_NE(complaint(compressed(a + "\n" + b), 3), "");
    EXPECT_NE(complaint(compressed("{}\n"), 1), "");
    EXPECT_NE(complaint("not zstd", 1).find("not zstd"), std::string::npos);
}

TEST(ChangeList, PathsAreOrderedByTheirBytes) {
    ChangeListWriter writer;
    for (const char* path : {"-", ".", "A", "a", "a b", "a/b", "ab", "\xc3\xa9", "\xff"}) {
        FileEntry next = entry(path);
        next.type = EntryType::directory;
        next.sha256.reset();
        writer.add(next);
    }
    const ChangeList list = writer.finish();
    EXPECT_EQ(complaint(list.bytes, list.count), "");
}

// 256 MiB of one line in a few KiB: it ends at the limit of a line.
TEST(ChangeList, BombsEndAtTheLimitOfALine) {
    ZSTD_CCtx* const context = ZSTD_createCCtx();
    const std::string zeros(limits::mib, ' ');
    std::string piece(ZSTD_CStreamOutSize(), '\0');
    std::string bomb;
    for (int i = 0; i <= 256; ++i) {
        ZSTD_inBuffer in{zeros.data(), i < 256 ? zeros.size() : 0, 0};
        std::size_t left = 0;
        do {
            ZSTD_outBuffer out{piece.data(), piece.size(), 0};
            left = ZSTD_compressStream2(context, &out, &in, i < 256 ? ZSTD_e_continue : ZSTD_e_end);
            bomb.append(piece.data(), out.pos);
        } while (in.pos < in.size || (i == 256 && left > 0));
    }
    ZSTD_freeCCtx(context);
    EXPECT_LT(bomb.size(), 100 * limits::kib);
    EXPECT_NE(complaint(bomb, 1).find("over its limit"), std::string::npos);
}

TEST(ChangeList, WindowsAreBounded) {
    ZSTD_CCtx* const context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 27);
    ZSTD_CCtx_setParameter(context, ZSTD_c_enableLongDistanceMatching, 1);
    const std::string text(64 * limits::mib, '\n');
    std::string bytes(ZSTD_compressBound(text.size()), '\0');
    ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
    ZSTD_inBuffer in{text.data(), text.size(), 0};
    ZSTD_outBuffer out{bytes.data(), bytes.size(), 0};
    while (ZSTD_compressStream2(context, &out, &in, ZSTD_e_end) > 0) {
    }
    ZSTD_freeCCtx(context);
    bytes.resize(out.pos);
    EXPECT_NE(complaint(bytes, 1).find("not zstd"), std::string::npos);
}

TEST(ChangeList, OverItsLimitThereIsNone) {
    const auto list_of = [](int count, std::size_t limit_bytes) {
        ChangeListWriter writer(limit_bytes);
        for (int i = 0; i < count; ++i) {
            writer.add(entry(numbered(i)));
        }
        return writer.finish();
    };
    const std::size_t size = list_of(100, limits::evidence_object).bytes.size();
    EXPECT_EQ(list_of(100, size).bytes.size(), size);
    for (const int count : {101, 20'000}) {
        try {
            (void)list_of(count, size);
            ADD_FAILURE();
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::too_large);
        }
    }
}

}  // namespace
}  // namespace farshore::storage
