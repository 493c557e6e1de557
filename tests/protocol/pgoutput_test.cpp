#include "protocol/pgoutput.hpp"

#include <gtest/gtest.h>

#include "tests/protocol/pgoutput_messages.hpp"

namespace farshore::test {
namespace {

using namespace pgoutput;

template <typename M>
M decode_as(const std::string& bytes) {
    return std::get<M>(decode(bytes).take());
}

// Whatever is cut off or added, it is refused.
void expect_strict(const std::string& bytes) {
    EXPECT_TRUE(decode(bytes).ok());
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        EXPECT_FALSE(decode(std::string_view(bytes).substr(0, length)).ok()) << length;
    }
    EXPECT_EQ(decode(bytes + "x").error().code(), ErrorCode::malformed);
}

TEST(Pgoutput, BeginAndCommit) {
    const auto begin = decode_as<Begin>(begin_message(0x100));
    EXPECT_EQ(begin.final_lsn, Lsn(0x100));
    EXPECT_EQ(begin.commit_time, 12345);
    EXPECT_EQ(begin.xid, 7U);
    const auto commit = decode_as<Commit>(commit_message(0x100, 0x130));
    EXPECT_EQ(commit.commit_lsn, Lsn(0x100));
    EXPECT_EQ(commit.end_lsn, Lsn(0x130));
    expect_strict(begin_message(1));
    expect_strict(commit_message(1, 2));
    EXPECT_FALSE(decode(PgoutputMessage('C').u8(1).u64(1).u64(2).u64(3).str()).ok());
}

TEST(Pgoutput, RelationTypeAndOrigin) {
    const std::string bytes = relation_message(42);
    const auto relation = decode_as<Relation>(bytes);
    EXPECT_EQ(relation.id, 42U);
    EXPECT_EQ(relation.schema, "public");
    EXPECT_EQ(relation.name, "item");
    EXPECT_EQ(relation.identity, ReplicaIdentity::primary_key);
    ASSERT_EQ(relation.columns.size(), 2U);
    EXPECT_TRUE(relation.columns[0].is_key);
    EXPECT_EQ(relation.columns[1].name, "name");
    EXPECT_EQ(relation.columns[1].type_modifier, -1);
    expect_strict(bytes);
    const std::string type = PgoutputMessage('Y').u32(9).string("s").string("mood").str();
    EXPECT_EQ(decode_as<Type>(type).name, "mood");
    expect_strict(type);
    const std::string origin = PgoutputMessage('O').u64(5).string("there").str();
    EXPECT_EQ(decode_as<Origin>(origin).lsn, Lsn(5));
    expect_strict(origin);
}

TEST(Pgoutput, RowChanges) {
    const std::string insert = insert_message(42, "1", "a");
    EXPECT_EQ(decode_as<Insert>(insert).row[1].bytes, "a");
    expect_strict(insert);

    const std::string update = PgoutputMessage('U')
                                   .u32(42)
                                   .tag('K')
                                   .u16(2)
                                   .text("1")
                                   .tag('n')
                                   .tag('N')
                                   .u16(2)
                                   .text("2")
                                   .tag('u')
                                   .str();
    const auto changed = decode_as<Update>(update);
    EXPECT_EQ(changed.old->kind, OldRowKind::key);
    EXPECT_EQ(changed.old->row[0].bytes, "1");
    EXPECT_EQ(changed.row[1].kind, ValueKind::unchanged);
    expect_strict(update);
    EXPECT_FALSE(decode(PgoutputMessage('U')
                            .u32(42)
                            .tag('K')
                            .u16(1)
                            .text("1")
                            .tag('N')
                            .u16(2)
                            .text("2")
                            .tag('u')
                            .str())
                     .ok());

    const std::string removal =
        PgoutputMessage('D').u32(42).tag('O').u16(2).text("1").tag('n').str();
    EXPECT_EQ(decode_as<Delete>(removal).old.kind, OldRowKind::whole);
    expect_strict(removal);
    EXPECT_FALSE(decode(PgoutputMessage('D').u32(42).tag('N').u16(0).str()).ok());
    EXPECT_FALSE(decode(PgoutputMessage('I').u32(42).tag('K').u16(0).str()).ok());
}

TEST(Pgoutput, TruncateAndLogicalMessage) {
    const std::string truncate = PgoutputMessage('T').u32(2).u8(3).u32(1).u32(2).str();
    const auto emptied = decode_as<Truncate>(truncate);
    EXPECT_TRUE(emptied.cascade);
    EXPECT_TRUE(emptied.restart_identity);
    EXPECT_EQ(emptied.relations, (std::vector<std::uint32_t>{1, 2}));
    expect_strict(truncate);
    EXPECT_FALSE(decode(PgoutputMessage('T').u32(0).u8(0).str()).ok());
    EXPECT_FALSE(decode(PgoutputMessage('T').u32(1).u8(4).u32(1).str()).ok());
    const std::string message =
        PgoutputMessage('M').u8(1).u64(9).string("farshore").u32(2).u8(1).u8(2).str();
    const auto logical = decode_as<LogicalMessage>(message);
    EXPECT_TRUE(logical.transactional);
    EXPECT_EQ(logical.prefix, "farshore");
    EXPECT_EQ(logical.content.size(), 2U);
    expect_strict(message);
}

TEST(Pgoutput, RefusesWhatItDoesNotKnow) {
    EXPECT_FALSE(decode("").ok());
    EXPECT_FALSE(decode("S").ok());
    EXPECT_FALSE(decode(PgoutputMessage('I').u32(1).tag('N').u16(1).tag('x').str()).ok());
    // Counts that the message can not hold.
    EXPECT_FALSE(decode(PgoutputMessage('I').u32(1).tag('N').u16(0xffff).str()).ok());
    EXPECT_FALSE(decode(PgoutputMessage('T').u32(0xffffffff).u8(0).u32(1).str()).ok());
    EXPECT_FALSE(
        decode(PgoutputMessage('R').u32(1).string("s").string("t").tag('z').u16(0).str()).ok());
}

TEST(Pgoutput, DigestsAllButWhatDependsOnTheSession) {
    EXPECT_TRUE(is_digested(begin_message(1)));
    EXPECT_TRUE(is_digested(insert_message(1, "1", "a")));
    EXPECT_FALSE(is_digested(relation_message(1)));
    EXPECT_FALSE(is_digested("Y"));
}

}  // namespace
}  // namespace farshore::test
