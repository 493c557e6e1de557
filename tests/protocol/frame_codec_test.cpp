#include "protocol/frame_codec.hpp"

#include <gtest/gtest.h>

#include <random>

namespace farshore {
namespace {

const CompressionChoice none{CompressionChoice::Mode::none, 0};
const CompressionChoice automatic{CompressionChoice::Mode::automatic, 1};

std::string noise(std::size_t count, unsigned seed = 1) {
    std::mt19937 engine(seed);
    std::string text(count, '\0');
    for (char& c : text) {
        c = static_cast<char>(engine());
    }
    return text;
}

// The decoder's answer to all of `bytes`; the frame must be the only one.
Result<Frame> decode(const std::string& bytes) {
    FrameDecoder decoder;
    std::string_view input = bytes;
    Result<std::optional<Frame>> result = decoder.next(input);
    if (!result) {
        return result.error();
    }
    std::optional<Frame> frame = std::move(result).value();
    if (!frame) {
        return Error(ErrorCode::not_found, "more is needed");
    }
    EXPECT_TRUE(input.empty());
    return *std::move(frame);
}

ErrorCode decode_error(const std::string& bytes) {
    const Result<Frame> result = decode(bytes);
    return result ? ErrorCode::internal : result.error().code();
}

// A header that says whatever it is told, with the right checksum of its own.
std::string header_of(std::uint8_t version, std::uint8_t kind, std::uint8_t flags,
                      std::uint32_t wire, std::uint32_t body, std::uint32_t zero = 0) {
    ByteWriter out;
    out.u8(frame_format::magic).u8(version).u8(kind).u8(flags);
    out.u32(wire).u32(body).u32(zero).u64(frame_checksum(""));
    out.u64(frame_checksum(out.str()));
    return out.take();
}

TEST(FrameCodec, EveryBodyComesBack) {
    for (const CompressionChoice choice :
         {none, automatic, CompressionChoice{CompressionChoice::Mode::level, 3}}) {
        FrameEncoder encoder(choice);
        for (const std::string& body :
             {std::string(), std::string("a"), std::string(200, 'a'), noise(100'000),
              std::string(limits::frame_body, 'x'), noise(limits::frame_body)}) {
            const std::string bytes = encoder.encode({MessageKind::content_data, body});
            const Result<Frame> frame = decode(bytes);
            ASSERT_TRUE(frame.ok()) << frame.error().message();
            EXPECT_EQ(frame.value().kind, MessageKind::content_data);
            EXPECT_EQ(frame.value().body, body);
            EXPECT_LE(bytes.size(), frame_format::header_bytes + body.size());
        }
    }
}

TEST(FrameCodec, CompressesOnlyWhatPays) {
    FrameEncoder encoder(automatic);
    EXPECT_LT(encoder.encode({MessageKind::ping, std::string(50'000, 'a')}).size(), 1'000U);
    EXPECT_EQ(encoder.encode({MessageKind::ping, noise(50'000)}).size(),
              50'000 + frame_format::header_bytes);
    EXPECT_EQ(FrameEncoder(none).encode({MessageKind::ping, std::string(50'000, 'a')}).size(),
              50'000 + frame_format::header_bytes);
}

TEST(FrameCodec, FramesComeOutOfPiecesOfAnySize) {
    FrameEncoder encoder(automatic);
    std::string stream;
    for (unsigned i = 0; i < 20; ++i) {
        stream += encoder.encode({MessageKind::content_data, noise(i * 37, i)});
    }
    for (const std::size_t piece : {1U, 2U, 31U, 33U, 1'000U}) {
        FrameDecoder decoder;
        unsigned seen = 0;
        for (std::size_t at = 0; at < stream.size(); at += piece) {
            std::string_view input = std::string_view(stream).substr(at, piece);
            while (std::optional<Frame> frame = decoder.next(input).take()) {
                EXPECT_EQ(frame->body, noise(seen * 37, seen));
                ++seen;
            }
            EXPECT_TRUE(input.empty());
        }
        EXPECT_EQ(seen, 20U);
    }
}

TEST(FrameCodec, EveryFlippedBitIsNoticed) {
    const std::string good = FrameEncoder(automatic).encode(
        {MessageKind::content_data, std::string(300, 'a') + noise(20)});
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        std::string bad = good;
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
        const ErrorCode code = decode_error(bad);
        EXPECT_TRUE(code == ErrorCode::bad_checksum || (bit < 8 && code == ErrorCode::malformed))
            << "bit " << bit << ": " << error_info(code).name;
    }
}

TEST(FrameCodec, HostileHeaders) {
    EXPECT_EQ(decode_error("GET / HTTP/1.1\r\nHost: farshore\r\n\r\n"), ErrorCode::malformed);
    EXPECT_EQ(decode_error(header_of(2, 1, 0, 0, 0)), ErrorCode::bad_version);
    EXPECT_EQ(decode_error(header_of(1, 1, 0, 0xffffffff, 0xffffffff)), ErrorCode::too_large);
    EXPECT_EQ(decode_error(header_of(1, 1, 1, 10, limits::frame_body + 1)), ErrorCode::too_large);
    EXPECT_EQ(decode_error(header_of(1, 1, 0, 1, 2)), ErrorCode::malformed);
    EXPECT_EQ(decode_error(header_of(1, 1, 1, 2, 2)), ErrorCode::malformed);
    EXPECT_EQ(decode_error(header_of(1, 5, 0, 0, 0)), ErrorCode::malformed);
    EXPECT_EQ(decode_error(header_of(1, 0, 0, 0, 0)), ErrorCode::malformed);
    EXPECT_EQ(decode_error(header_of(1, 1, 2, 0, 0)), ErrorCode::malformed);
    EXPECT_EQ(decode_error(header_of(1, 1, 0, 0, 0, 1)), ErrorCode::malformed);
    EXPECT_EQ(decode_error(header_of(1, 1, 0, 0, 0)), ErrorCode::internal);  // a frame
}

// A small body that says it is larger, or inflates to more than it says.
TEST(FrameCodec, InflatingStaysWithinWhatTheHeaderSays) {
    const std::string bomb = *Compressor(automatic).compress(std::string(1'000'000, 'a'));
    for (const std::uint32_t said : {1'000U, 999'999U, 1'000'001U}) {
        WireFrame wire{{MessageKind::ping, true, static_cast<std::uint32_t>(bomb.size()), said,
                        frame_checksum(bomb)},
                       bomb};
        const Result<Frame> frame = FrameOpener().open(wire);
        ASSERT_FALSE(frame.ok());
        EXPECT_EQ(frame.error().code(), ErrorCode::malformed);
    }
}

TEST(FrameCodec, KnowsWhetherAFrameHasBegun) {
    const std::string bytes = FrameEncoder(none).encode({MessageKind::ping, "abc"});
    FrameSplitter splitter;
    EXPECT_FALSE(splitter.is_within_frame());
    std::string_view first = std::string_view(bytes).substr(0, 34);
    EXPECT_FALSE(splitter.next(first).take());
    EXPECT_TRUE(splitter.is_within_frame());
    std::string_view second = std::string_view(bytes).substr(34);
    EXPECT_TRUE(splitter.next(second).take());
    EXPECT_FALSE(splitter.is_within_frame());
}

}  // namespace
}  // namespace farshore
