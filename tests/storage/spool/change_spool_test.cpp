#include "storage/spool/change_spool.hpp"

#include <gtest/gtest.h>

#include "storage/disk/posix_file_system.hpp"
#include "tests/protocol/pgoutput_messages.hpp"
#include "tests/support/faulty_file_system.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::test {
namespace {

using namespace storage;

class ChangeSpoolTest : public testing::Test {
  protected:
    ChangeSpoolTest() : root_(files_.open_root(directory_.path())) {}

    std::unique_ptr<ChangeSpool> open(std::uint64_t segment_bytes = 64ULL << 20,
                                      std::size_t index_entries = 1000) {
        return std::make_unique<ChangeSpool>(files_, root_, "app",
                                             ChangeSpool::Options{segment_bytes, index_entries});
    }
    // A transaction that inserts one row and ends at `end`.
    static DatabaseChanges transaction(std::uint64_t end, bool with_relation = false) {
        DatabaseChanges changes;
        append_record({Lsn(end - 5), begin_message(end - 5)}, changes.records);
        if (with_relation) {
            append_record({Lsn(end - 4), relation_message(1)}, changes.records);
        }
        append_record({Lsn(end - 3), insert_message(1, std::to_string(end), "x")}, changes.records);
        append_record({Lsn(end - 2), commit_message(end - 5, end)}, changes.records);
        return changes;
    }
    // The tags of the messages from one position to another; relations from before in lower case.
    static std::string tags(const ChangeSpool& spool, SpoolPosition from, SpoolPosition to) {
        std::string found;
        ChangeSpoolReader reader = spool.reader(from, to, SpoolContext::wanted);
        while (reader.next()) {
            const char tag = reader.record().message.front();
            if (reader.in_range()) {
                found.push_back(tag);
            } else if (tag == 'R') {
                found.push_back('r');
            }
        }
        return found;
    }

    TemporaryDirectory directory_;
    PosixFileSystem files_;
    Handle root_;
};

TEST_F(ChangeSpoolTest, HandsOutWhatBelongsToAPosition) {
    const auto spool = open();
    spool->begin_session(Lsn(0));
    const SpoolPosition begin = spool->end();
    EXPECT_EQ(spool->position_at(Lsn(1)), begin);
    spool->append(transaction(100, true));
    spool->append(transaction(200));
    spool->append(transaction(300));
    EXPECT_EQ(spool->last_commit(), Lsn(300));
    EXPECT_EQ(spool->position_at(Lsn(99)), begin);
    const SpoolPosition at_200 = spool->position_at(Lsn(250));
    EXPECT_EQ(spool->position_at(Lsn(200)), at_200);
    spool->sync();
    EXPECT_EQ(tags(*spool, begin, at_200), "BRICBIC");
    EXPECT_EQ(tags(*spool, at_200, spool->end()), "rBIC");
}

TEST_F(ChangeSpoolTest, CutsBackToWhatWasReceivedAfterARestart) {
    SpoolPosition received;
    {
        const auto spool = open();
        spool->begin_session(Lsn(0));
        spool->append(transaction(100, true));
        received = spool->position_at(Lsn(100));
        spool->append(transaction(200));
        spool->sync();
    }
    const auto spool = open();
    EXPECT_GT(spool->end(), received);
    spool->truncate_to(received);
    spool->begin_session(Lsn(100));
    EXPECT_EQ(spool->position_at(Lsn(150)), received);
    EXPECT_EQ(spool->position_at(Lsn(100)), received);
    EXPECT_EQ(spool->position_at(Lsn(99)), spool->begin());
    spool->append(transaction(200, true));
    EXPECT_EQ(tags(*spool, spool->begin(), spool->end()), "BRICBRIC");
}

TEST_F(ChangeSpoolTest, EverySegmentCanBeReadOnItsOwn) {
    const auto spool = open(2000);
    spool->begin_session(Lsn(0));
    spool->append(transaction(100, true));
    for (std::uint64_t end = 200; end < 10'000; end += 100) {
        spool->append(transaction(end));
    }
    const SpoolPosition middle = spool->position_at(Lsn(5000));
    EXPECT_GT(middle.segment, 1U);
    spool->release_up_to(middle);
    EXPECT_EQ(spool->begin().segment, middle.segment);
    const std::string rest = tags(*spool, middle, spool->end());
    EXPECT_EQ(rest.front(), 'r');
    EXPECT_EQ(std::count(rest.begin(), rest.end(), 'C'), 49);
    EXPECT_THROW((void)spool->reader({1, 32}, spool->end(), SpoolContext::known), Error);
}

TEST_F(ChangeSpoolTest, FindsPositionsAlsoWhenTheIndexIsThin) {
    const auto spool = open(3000, 4);
    spool->begin_session(Lsn(0));
    std::map<std::uint64_t, SpoolPosition> ends;
    for (std::uint64_t end = 100; end < 5000; end += 100) {
        spool->append(transaction(end));
        ends[end] = spool->end();
    }
    for (const auto& [end, position] : ends) {
        EXPECT_EQ(spool->position_at(Lsn(end)), position) << end;
        EXPECT_EQ(spool->position_at(Lsn(end + 50)), position) << end;
    }
}

TEST_F(ChangeSpoolTest, ARecordInPieces) {
    const auto spool = open(500);
    spool->begin_session(Lsn(0));
    std::string large;
    const std::string message = insert_message(1, "1", std::string(100'000, 'y'));
    append_record({Lsn(7), message}, large);
    DatabaseChanges begin;
    append_record({Lsn(5), begin_message(5)}, begin.records);
    spool->append(begin);
    spool->append({true, false, large.substr(0, 40'000)});
    EXPECT_THROW(spool->append(begin), Error);
    spool->append({false, false, large.substr(40'000, 40'000)});
    spool->append({false, true, large.substr(80'000)});
    DatabaseChanges end;
    append_record({Lsn(9), commit_message(5, 10)}, end.records);
    spool->append(end);
    ChangeSpoolReader reader = spool->reader({}, spool->end(), SpoolContext::wanted);
    ASSERT_TRUE(reader.next());
    ASSERT_TRUE(reader.next());
    EXPECT_EQ(reader.record().message, message);
    EXPECT_EQ(reader.record().lsn, Lsn(7));
    ASSERT_TRUE(reader.next());
    EXPECT_FALSE(reader.next());
}

TEST_F(ChangeSpoolTest, ALargeRecordIsHandedOutInPieces) {
    const auto spool = open();
    spool->begin_session(Lsn(0));
    const std::string message =
        insert_message(1, "1", std::string(limits::whole_record + 100'000, 'y') + "end");
    for (const std::uint64_t end : {100U, 200U}) {
        DatabaseChanges begin;
        append_record({Lsn(end - 5), begin_message(end - 5)}, begin.records);
        spool->append(begin);
        std::string large;
        append_record({Lsn(end - 3), message}, large);
        for (std::size_t at = 0; at < large.size(); at += limits::payload_piece) {
            spool->append({at == 0, at + limits::payload_piece >= large.size(),
                           large.substr(at, limits::payload_piece)});
        }
        DatabaseChanges commit;
        append_record({Lsn(end - 2), commit_message(end - 5, end)}, commit.records);
        spool->append(commit);
    }
    ChangeSpoolReader reader = spool->reader({}, spool->end(), SpoolContext::wanted);
    ASSERT_TRUE(reader.next());
    EXPECT_FALSE(reader.is_large());
    EXPECT_TRUE(reader.more().empty());
    ASSERT_TRUE(reader.next());
    EXPECT_TRUE(reader.is_large());
    EXPECT_EQ(reader.record().lsn, Lsn(97));
    std::string seen(reader.record().message);
    EXPECT_LE(seen.size(), limits::payload_piece);
    for (auto more = reader.more(); !more.empty(); more = reader.more()) {
        EXPECT_LE(more.size(), limits::payload_piece);
        seen.append(more);
    }
    EXPECT_EQ(seen, message);
    ASSERT_TRUE(reader.next());  // commit
    EXPECT_FALSE(reader.is_large());
    EXPECT_EQ(reader.record().message.front(), 'C');
    // What is not asked for is left out.
    ASSERT_TRUE(reader.next() && reader.next());
    EXPECT_TRUE(reader.is_large());
    EXPECT_FALSE(reader.more().empty());
    ASSERT_TRUE(reader.next());
    EXPECT_EQ(reader.record().message.front(), 'C');
    EXPECT_FALSE(reader.next());
    EXPECT_EQ(spool->position_at(Lsn(150)), spool->position_at(Lsn(100)));
}

TEST_F(ChangeSpoolTest, RefusesPiecesThatDoNotFit) {
    std::string large;
    append_record({Lsn(7), insert_message(1, "1", std::string(1000, 'y'))}, large);
    const auto refuses = [&](const DatabaseChanges& first, const DatabaseChanges& second) {
        const auto spool = open();
        spool->begin_session(Lsn(0));
        try {
            spool->append(first);
            spool->append(second);
            return false;
        } catch (const Error& error) {
            return error.code() == ErrorCode::malformed;
        }
    };
    const DatabaseChanges half{true, false, large.substr(0, 500)};
    EXPECT_TRUE(refuses(half, half));
    EXPECT_TRUE(refuses(half, {false, true, large.substr(500) + "x"}));
    EXPECT_TRUE(refuses(half, {false, true, large.substr(500, 10)}));
    EXPECT_TRUE(refuses(half, {false, false, large.substr(500)}));
    EXPECT_TRUE(refuses({false, true, large}, half));
    EXPECT_TRUE(refuses({true, true, large.substr(0, 500)}, half));
    EXPECT_TRUE(refuses(transaction(200), transaction(200)));
    DatabaseChanges relation{true, false, ""};
    append_record({Lsn(1), relation_message(1)}, relation.records);
    relation.records.resize(20);
    EXPECT_TRUE(refuses(relation, half));
}

TEST_F(ChangeSpoolTest, ClearForgetsEverythingButNumbers) {
    const auto spool = open();
    spool->begin_session(Lsn(0));
    spool->append(transaction(100));
    const SpoolPosition before = spool->end();
    spool->clear();
    EXPECT_GT(spool->end(), before);
    EXPECT_EQ(spool->begin(), spool->end());
}

// The kernel tells the failure of a write to one of two syncs of the same file.
TEST_F(ChangeSpoolTest, ASyncIsNoneWhenThatOfARollFailsMeanwhile) {
    FaultyFileSystem faulty(files_);
    ChangeSpool spool(faulty, root_, "app", ChangeSpool::Options{1, 1000});
    spool.begin_session(Lsn(0));
    spool.append(transaction(100, true));
    faulty.before_sync([&] {
        faulty.fail(FaultyFileSystem::Call::sync_file, 1, ErrorCode::sync_failed);
        EXPECT_THROW(spool.append(transaction(200)), Error);
    });
    try {
        spool.sync();
        ADD_FAILURE() << "nobody knows what is on the disk";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::sync_failed);
    }
}

// The next session's beginning may fail while received cuts are still being applied.
TEST_F(ChangeSpoolTest, WhatIsReceivedIsReadAlsoWhenCuttingBackFailed) {
    FaultyFileSystem faulty(files_);
    ChangeSpool spool(faulty, root_, "app", ChangeSpool::Options{});
    spool.begin_session(Lsn(0));
    spool.append(transaction(100, true));
    spool.sync();
    const SpoolPosition received = spool.end();
    spool.append(transaction(200));
    faulty.fail(FaultyFileSystem::Call::sync_file, 1, ErrorCode::io);
    EXPECT_THROW(spool.truncate_to(received), Error);
    faulty.clear_faults();
    EXPECT_EQ(tags(spool, spool.begin(), received), "BRIC");
    spool.truncate_to(received);
    spool.begin_session(Lsn(100));
    spool.append(transaction(200));
    EXPECT_EQ(tags(spool, spool.begin(), spool.end()), "BRICBIC");
}

}  // namespace
}  // namespace farshore::test
