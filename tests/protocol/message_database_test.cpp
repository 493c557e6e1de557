#include "protocol/message_database.hpp"

#include <gtest/gtest.h>

namespace farshore::test {
namespace {

template <typename M>
M round_trip(const M& message) {
    const Frame frame = to_frame(message);
    // Whatever is cut off is refused.
    for (std::size_t length = 0; length < frame.body.size(); ++length) {
        EXPECT_THROW((void)from_frame<M>({frame.kind, frame.body.substr(0, length)}), Error);
    }
    EXPECT_THROW((void)from_frame<M>({frame.kind, frame.body + "x"}), Error);
    return from_frame<M>(frame);
}

TEST(MessageDatabase, Changes) {
    DatabaseChanges changes;
    append_record({Lsn(5), "first"}, changes.records);
    append_record({Lsn(6), "second"}, changes.records);
    changes.last = false;
    const DatabaseChanges back = round_trip(changes);
    EXPECT_TRUE(back.first);
    EXPECT_FALSE(back.last);
    std::string_view rest = back.records;
    EXPECT_EQ(take_record(rest).message, "first");
    const ChangeRecord second = take_record(rest);
    EXPECT_EQ(second.lsn, Lsn(6));
    EXPECT_EQ(second.message, "second");
    EXPECT_TRUE(rest.empty());
    EXPECT_THROW((void)take_record(rest), Error);
    EXPECT_THROW((void)from_frame<DatabaseChanges>(to_frame(DatabaseChanges{})), Error);
}

TEST(MessageDatabase, ARecordIsNeverEmptyNorOverTheLimit) {
    for (const std::uint32_t length : {0U, 0x40000001U, 0xffffffffU}) {
        ByteWriter out;
        out.u32(length).u64(1).raw("abc");
        std::string_view bytes = out.str();
        EXPECT_THROW((void)take_record(bytes), Error) << length;
    }
}

TEST(MessageDatabase, Copy) {
    EXPECT_EQ(round_trip(DatabasePosition{Lsn(7)}).lsn, Lsn(7));
    CopyBegin begin;
    begin.system_identifier = "7300";
    begin.timeline = 2;
    begin.lsn = Lsn(9);
    begin.snapshot = Lsn(10);
    begin.schema = sha256("schema");
    begin.ddl = sha256("ddl");
    begin.tables = 3;
    begin.bytes = 4;
    begin.roles = {"app", "reader"};
    const CopyBegin begun = round_trip(begin);
    EXPECT_EQ(begun.system_identifier, "7300");
    EXPECT_EQ(begun.timeline, 2U);
    EXPECT_EQ(begun.lsn, Lsn(9));
    EXPECT_EQ(begun.snapshot, Lsn(10));
    EXPECT_EQ(begun.schema, begin.schema);
    EXPECT_EQ(begun.ddl, begin.ddl);
    EXPECT_EQ(begun.roles, begin.roles);
    const auto schema = round_trip(CopySchema{SchemaSection::post_data, false, "CREATE"});
    EXPECT_EQ(schema.section, SchemaSection::post_data);
    EXPECT_EQ(schema.text, "CREATE");
    const auto table = round_trip(CopyTable{"public", "item", Lsn(5), {"id", "name"}});
    EXPECT_EQ(table.columns.size(), 2U);
    EXPECT_EQ(table.lsn, Lsn(5));
    EXPECT_EQ(round_trip(CopyData{"1\ta\n"}).bytes, "1\ta\n");
    EXPECT_EQ(round_trip(CopyTableEnd{8}).rows, 8U);
    EXPECT_EQ(round_trip(CopyEnd{Lsn(3)}).lsn, Lsn(3));
    const auto result = round_trip(CopyResult{false, ErrorCode::conflict, "why"});
    EXPECT_FALSE(result.done);
    EXPECT_EQ(result.code, ErrorCode::conflict);
    EXPECT_EQ(result.reason, "why");
}

TEST(MessageDatabase, WhatIsThereAndWhatIsNeeded) {
    CopyStanding standing;
    standing.has_schema = true;
    standing.last = false;
    standing.tables = {{"public", "item"}, {"other", "log"}};
    const CopyStanding known = round_trip(standing);
    EXPECT_TRUE(known.has_schema);
    EXPECT_FALSE(known.last);
    EXPECT_EQ(known.tables, standing.tables);
    EXPECT_EQ(round_trip(CopyNeeded{"the slot is gone"}).reason, "the slot is gone");
    EXPECT_EQ(round_trip(DatabaseTimeline{3}).timeline, 3U);
    standing.tables.resize(CopyStanding::most_tables + 1);
    EXPECT_THROW((void)round_trip(standing), Error);
}

TEST(MessageDatabase, RefusesUnknownSectionsAndBooleans) {
    Frame frame = to_frame(CopySchema{});
    frame.body[0] = 3;
    EXPECT_THROW((void)from_frame<CopySchema>(frame), Error);
    Frame result = to_frame(CopyResult{});
    result.body[0] = 2;
    EXPECT_THROW((void)from_frame<CopyResult>(result), Error);
}

// PostgreSQL's messages may quote what somebody wrote, of any length.
TEST(MessageDatabase, AReasonIsCutToWhatTheOtherSideTakes) {
    const std::string text(limits::text + 1, 'x');
    EXPECT_EQ(round_trip(CopyNeeded{text}).reason.size(), limits::text);
    const auto result = round_trip(CopyResult{false, ErrorCode::conflict, text});
    EXPECT_EQ(result.reason.size(), limits::text);
}

}  // namespace
}  // namespace farshore::test
