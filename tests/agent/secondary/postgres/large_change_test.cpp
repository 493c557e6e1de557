#include "agent/secondary/postgres/large_change.hpp"

#include <gtest/gtest.h>

#include <map>

#include "protocol/error.hpp"
#include "tests/protocol/pgoutput_messages.hpp"

namespace farshore::test {
namespace {

using pgoutput::ValueKind;
using secondary::LargeChange;

struct Values : secondary::LargeValueSink {
    void begin(std::uint32_t number, std::size_t bytes) override {
        current = number;
        announced[number] = bytes;
        texts[number];
    }
    void add(std::string_view bytes) override { texts[current].append(bytes); }

    std::uint32_t current = 0;
    std::map<std::uint32_t, std::size_t> announced;
    std::map<std::uint32_t, std::string> texts;
};

// `message` in pieces of `size`.
secondary::NextBytes pieces(std::string_view message, std::size_t size) {
    return [message, size]() mutable {
        const std::string_view piece = message.substr(0, size);
        message.remove_prefix(piece.size());
        return piece;
    };
}

void expect_malformed(const std::string& message) {
    Values values;
    try {
        const LargeChange change(pieces(message, 1000), values);
        ADD_FAILURE() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::malformed) << error.message();
    }
}

std::string update_message(const std::string& old, const std::string& now) {
    return PgoutputMessage('U')
        .u32(7)
        .tag('O')
        .u16(3)
        .text("1")
        .text(old)
        .tag('n')
        .tag('N')
        .u16(3)
        .text("1")
        .text(now)
        .tag('u')
        .str();
}

TEST(LargeChange, TakesOutWhatIsLargeHoweverItIsCut) {
    const std::string old(20'000, 'a');
    const std::string now(30'000, 'b');
    const std::string message = update_message(old, now);
    for (const std::size_t size : {1UL, 7UL, 4096UL, 1'000'000UL}) {
        Values values;
        const LargeChange change(pieces(message, size), values);
        const auto& update = std::get<pgoutput::Update>(change.message());
        EXPECT_EQ(update.relation, 7U);
        ASSERT_TRUE(update.old && update.old->row.size() == 3 && update.row.size() == 3);
        EXPECT_EQ(update.old->kind, pgoutput::OldRowKind::whole);
        EXPECT_EQ(update.old->row[0].bytes, "1");
        EXPECT_EQ(update.old->row[1].kind, ValueKind::stored);
        EXPECT_EQ(update.old->row[1].bytes, "1");
        EXPECT_EQ(update.old->row[2].kind, ValueKind::null);
        EXPECT_EQ(update.row[0].kind, ValueKind::text);
        EXPECT_EQ(update.row[1].kind, ValueKind::stored);
        EXPECT_EQ(update.row[1].bytes, "2");
        EXPECT_EQ(update.row[2].kind, ValueKind::unchanged);
        EXPECT_EQ(values.texts[1], old);
        EXPECT_EQ(values.texts[2], now);
        EXPECT_EQ(values.announced[2], now.size());
    }
}

TEST(LargeChange, InsertsAndDeletes) {
    Values values;
    const std::string text(LargeChange::kept_bytes + 1, 'x');
    const std::string inserted = insert_message(9, std::string(LargeChange::kept_bytes, 'k'), text);
    const LargeChange insert(pieces(inserted, 100), values);
    const auto& row = std::get<pgoutput::Insert>(insert.message()).row;
    EXPECT_EQ(row.at(0).bytes.size(), LargeChange::kept_bytes);
    EXPECT_EQ(row.at(1).kind, ValueKind::stored);
    EXPECT_EQ(values.texts[1], text);
    EXPECT_EQ(LargeChange::relation_of(inserted), 9U);

    const std::string removed =
        PgoutputMessage('D').u32(9).tag('O').u16(2).text(text).tag('n').str();
    Values others;
    const LargeChange removal(pieces(removed, 100), others);
    const auto& old = std::get<pgoutput::Delete>(removal.message()).old;
    EXPECT_EQ(old.row.at(0).kind, ValueKind::stored);
    EXPECT_EQ(others.texts[1], text);
}

TEST(LargeChange, RefusesWhatIsNoRowChange) {
    const std::string good = update_message(std::string(9000, 'a'), "b");
    for (const std::size_t length : {0UL, 3UL, 5UL, 20UL, 5000UL, good.size() - 1}) {
        expect_malformed(good.substr(0, length));
    }
    expect_malformed(good + "x");
    expect_malformed(begin_message(5));
    expect_malformed(PgoutputMessage('I').u32(1).tag('K').u16(0).str());
    expect_malformed(PgoutputMessage('I').u32(1).tag('N').u16(60'000).str());
    expect_malformed(PgoutputMessage('I').u32(1).tag('N').u16(1).tag('s').u32(1).tag('1').str());
    expect_malformed(PgoutputMessage('I').u32(1).tag('N').u16(1).tag('b').u32(1).tag('1').str());
    expect_malformed(PgoutputMessage('U').u32(1).tag('K').u16(1).tag('n').tag('N').u16(0).str());
    EXPECT_THROW((void)LargeChange::relation_of("I123"), Error);
}

}  // namespace
}  // namespace farshore::test
