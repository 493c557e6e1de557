#include "protocol/compression.hpp"

#include <gtest/gtest.h>

namespace farshore {
namespace {

using Mode = CompressionChoice::Mode;

TEST(Compression, ReadsTheConfigsWords) {
    EXPECT_EQ(parse_compression("auto").value(), (CompressionChoice{Mode::automatic, 1}));
    EXPECT_EQ(parse_compression("none").value(), (CompressionChoice{Mode::none, 0}));
    EXPECT_EQ(parse_compression("1").value(), (CompressionChoice{Mode::level, 1}));
    EXPECT_EQ(parse_compression("19").value(), (CompressionChoice{Mode::level, 19}));
    for (const char* text : {"", "0", "20", "-1", "+1", "1 ", "fast", "1.5"}) {
        const auto result = parse_compression(text);
        ASSERT_FALSE(result.ok()) << text;
        EXPECT_EQ(result.error().code(), ErrorCode::bad_config);
    }
}

TEST(Compression, ContextsAreUsedAgain) {
    Compressor compressor({Mode::level, 5});
    Decompressor decompressor;
    for (int i = 0; i < 50; ++i) {
        const std::string body(1'000 + static_cast<std::size_t>(i),
                               static_cast<char>('a' + i % 26));
        const auto wire = compressor.compress(body);
        ASSERT_TRUE(wire);
        EXPECT_EQ(decompressor.inflate(*wire, body.size()).value(), body);
        EXPECT_FALSE(decompressor.inflate("no zstd at all", 100).ok());
    }
}

TEST(Compression, SmallBodiesAreLeftAlone) {
    Compressor compressor({Mode::automatic, 1});
    EXPECT_FALSE(compressor.compress(""));
    EXPECT_FALSE(compressor.compress(std::string(100, 'a')));
    EXPECT_TRUE(compressor.compress(std::string(200, 'a')));
}

}  // namespace
}  // namespace farshore
