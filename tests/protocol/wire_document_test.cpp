// WIRE.md's example is what this build speaks: its hex blocks decode, and come out again byte for
// byte.
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "protocol/frame_codec.hpp"
#include "protocol/message_content.hpp"
#include "protocol/message_cut.hpp"
#include "protocol/message_recipe.hpp"
#include "protocol/message_session.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore {
namespace {

std::string from_hex(const std::string& text) {
    std::string bytes;
    std::string digits;
    for (const char c : text) {
        if (c == ' ' || c == '\n') {
            continue;
        }
        digits += c;
        if (digits.size() == 2) {
            bytes += static_cast<char>(std::stoi(digits, nullptr, 16));
            digits.clear();
        }
    }
    EXPECT_TRUE(digits.empty());
    return bytes;
}

std::vector<std::string> hex_blocks() {
    const std::string document = test::read_whole(FARSHORE_SOURCE_ROOT "/protocol/WIRE.md");
    const std::string opening = "```hex\n";
    std::vector<std::string> blocks;
    for (std::size_t at = document.find(opening); at != std::string::npos;
         at = document.find(opening, at)) {
        at += opening.size();
        blocks.push_back(from_hex(document.substr(at, document.find("```", at) - at)));
    }
    return blocks;
}

Frame decode(const std::string& bytes) {
    FrameDecoder decoder;
    std::string_view input = bytes;
    std::optional<Frame> frame = decoder.next(input).take();
    EXPECT_TRUE(frame && input.empty());
    return frame.value_or(Frame{});
}

// The message in the block, after it was seen to encode to the same bytes.
template <typename M>
M read(const std::string& bytes, CompressionChoice choice = {CompressionChoice::Mode::none, 0}) {
    const M message = from_frame<M>(decode(bytes));
    EXPECT_EQ(FrameEncoder(choice).encode(to_frame(message)), bytes);
    return message;
}

TEST(WireDocument, TheExampleIsWhatWeSpeak) {
    const std::vector<std::string> blocks = hex_blocks();
    ASSERT_EQ(blocks.size(), 13U);
    const auto hello = read<Hello>(blocks[0]);
    EXPECT_EQ(hello.stream, StreamName("shop"));
    EXPECT_EQ(hello.bulk_lanes, 1);
    EXPECT_EQ(read<Welcome>(blocks[1]).received_cut, CutNumber(6));
    EXPECT_EQ(read<Welcome>(blocks[1]).received_identity, "identity-of-no-6");

    // How well zstd compresses is not ours to promise: only what comes out is.
    const auto whole = from_frame<ContentWhole>(decode(blocks[2]));
    EXPECT_EQ(whole.content.size(), 400U);
    EXPECT_EQ(sha256(whole.content), whole.sha256);
    EXPECT_LT(blocks[2].size(), 200U);

    EXPECT_EQ(read<CutBegin>(blocks[3]).cut, CutNumber(7));
    EXPECT_EQ(read<CutBegin>(blocks[3]).identity, "identity-of-no-7");
    const auto entries = read<CutEntries>(blocks[4]);
    ASSERT_EQ(entries.entries.size(), 2U);
    EXPECT_EQ(entries.entries[0].path, "notes/a.txt");
    EXPECT_EQ(entries.entries[0].sha256, whole.sha256);
    EXPECT_EQ(entries.entries[1].type, EntryType::deleted);
    EXPECT_EQ(read<CutEnd>(blocks[5]).sent, LaneCounts{1});
    EXPECT_EQ(read<Received>(blocks[6]).cut, CutNumber(7));
    EXPECT_EQ(read<RecipeBegin>(blocks[7]).path, "big.img");
    const auto chunks = read<RecipeChunks>(blocks[8]).chunks;
    ASSERT_EQ(chunks.size(), 2U);
    EXPECT_EQ(read<RecipeEnd>(blocks[9]).transfer, 3U);
    const auto wanted = read<PiecesWanted>(blocks[10]);
    ASSERT_EQ(wanted.pieces.size(), 1U);
    EXPECT_EQ(wanted.pieces[0].offset, chunks[0].length);
    EXPECT_EQ(wanted.pieces[0].length, chunks[1].length);
    EXPECT_EQ(read<PiecePatch>(blocks[11]).runs[0].content, "changed");
    EXPECT_EQ(read<Goodbye>(blocks[12]).reason, "CANCELLED: the agent stops");
}

// Every kind that the reader knows has its row in the table, and no other has.
TEST(WireDocument, NamesEveryKind) {
    const std::string document = test::read_whole(FARSHORE_SOURCE_ROOT "/protocol/WIRE.md");
    std::set<int> listed;
    std::istringstream lines(document.substr(document.find("## Messages")));
    for (std::string line; std::getline(lines, line) && line != "## A session";) {
        if (line.rfind("| ", 0) == 0 && std::isdigit(static_cast<unsigned char>(line[2])) != 0) {
            listed.insert(std::stoi(line.substr(2)));
        }
    }
    for (int number = 0; number < 256; ++number) {
        EXPECT_EQ(listed.contains(number), is_known_kind(static_cast<std::uint8_t>(number)))
            << "kind " << number;
    }
}

}  // namespace
}  // namespace farshore
