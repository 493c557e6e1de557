#include "storage/spool/record_log.hpp"

#include <gtest/gtest.h>

#include "storage/disk/posix_file_system.hpp"
#include "storage/spool/record_log_reader.hpp"
#include "tests/support/faulty_file_system.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::test {
namespace {

using namespace storage;

class RecordLogTest : public testing::Test {
  protected:
    RecordLog open() { return {files_, files_.open_root(directory_.path())}; }
    std::vector<std::string> read(const RecordLog& log, SpoolPosition from) {
        RecordLogReader reader(files_, log.directory(), from, log.end());
        std::vector<std::string> payloads;
        while (const auto record = reader.next()) {
            payloads.emplace_back(record->payload);
        }
        return payloads;
    }
    [[nodiscard]] std::string file(std::uint64_t number) const {
        return directory_ / segment_name(number);
    }

    TemporaryDirectory directory_;
    PosixFileSystem files_;
};

TEST_F(RecordLogTest, KeepsWhatWasAppendedAcrossSegments) {
    RecordLog log = open();
    const SpoolPosition begin = log.begin();
    log.append(RecordKind::changes, "one");
    log.roll();
    log.append(RecordKind::changes, "");
    log.append(RecordKind::changes, std::string(3'000'000, 'x'));
    log.flush();
    EXPECT_EQ(read(log, begin).size(), 3U);
    EXPECT_EQ(read(log, begin)[0], "one");
    EXPECT_EQ(log.bytes(), read_whole(file(1)).size() + read_whole(file(2)).size());
    log.trim_before(2);
    EXPECT_EQ(log.begin().segment, 2U);
    log.trim_before(99);
    EXPECT_EQ(log.begin().segment, 2U);
}

TEST_F(RecordLogTest, CutsATornTailAtEveryByte) {
    std::string whole;
    SpoolPosition kept;
    {
        RecordLog log = open();
        log.append(RecordKind::changes, "kept");
        kept = log.end();
        log.append(RecordKind::changes, "torn");
        log.flush();
        whole = read_whole(file(1));
    }
    for (std::size_t length = kept.offset; length < whole.size(); ++length) {
        write_whole(file(1), whole.substr(0, length));
        RecordLog log = open();
        EXPECT_EQ(log.end(), kept) << length;
        log.append(RecordKind::changes, "next");
        log.flush();
        EXPECT_EQ(read(log, log.begin()), (std::vector<std::string>{"kept", "next"}));
    }
}

TEST_F(RecordLogTest, TellsDamageFromATornTailByWhatWasReceived) {
    SpoolPosition received;
    {
        RecordLog log = open();
        log.append(RecordKind::changes, "first");
        log.append(RecordKind::changes, "second");
        received = log.end();
        log.flush();
    }
    const std::string whole = read_whole(file(1));
    for (std::size_t i = 0; i < whole.size(); ++i) {
        std::string damaged = whole;
        damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
        write_whole(file(1), damaged);
        RecordLog log = open();
        try {
            log.truncate_to(received);
            ADD_FAILURE() << "damage at byte " << i << " was not noticed";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::state_damaged);
        }
    }
}

TEST_F(RecordLogTest, NoticesDamageInAnEarlierSegmentAndAMissingOne) {
    {
        RecordLog log = open();
        for (int i = 0; i < 3; ++i) {
            log.append(RecordKind::changes, "payload");
            log.roll();
        }
    }
    std::string damaged = read_whole(file(2));
    damaged.back() = 'X';
    write_whole(file(2), damaged);
    {
        const RecordLog log = open();
        EXPECT_THROW((void)read(log, log.begin()), Error);
    }
    ASSERT_EQ(std::remove(file(2).c_str()), 0);
    EXPECT_THROW((void)open(), Error);
}

TEST_F(RecordLogTest, TruncatesAcrossSegments) {
    RecordLog log = open();
    log.append(RecordKind::changes, "stays");
    const SpoolPosition position = log.end();
    log.append(RecordKind::changes, "goes");
    log.roll();
    log.append(RecordKind::changes, "goes too");
    log.truncate_to(position);
    EXPECT_EQ(log.end(), position);
    log.append(RecordKind::changes, "new");
    log.flush();
    EXPECT_EQ(read(log, log.begin()), (std::vector<std::string>{"stays", "new"}));
    EXPECT_THROW(log.truncate_to({9, 32}), Error);
}

// Whatever fails half way, the log can be asked, writes nothing, and is cut back by the next try.
TEST_F(RecordLogTest, ACutThatFailsIsSaidAgain) {
    using Call = FaultyFileSystem::Call;
    for (const Call call : {Call::unlink, Call::sync_file, Call::truncate}) {
        const TemporaryDirectory directory;
        FaultyFileSystem faulty(files_);
        RecordLog log(faulty, faulty.open_root(directory.path()));
        log.append(RecordKind::changes, "kept");
        const SpoolPosition kept = log.end();
        log.append(RecordKind::changes, "gone");
        log.roll();
        log.append(RecordKind::changes, "gone as well");
        log.roll();
        faulty.fail(call, 1, ErrorCode::io);
        EXPECT_THROW(log.truncate_to(kept), Error);
        EXPECT_GE(log.end(), kept);
        EXPECT_GT(log.bytes(), 0U);
        EXPECT_THROW(log.append(RecordKind::changes, "to nowhere"), Error);
        log.truncate_to(kept);
        EXPECT_EQ(log.end(), kept);
        log.append(RecordKind::changes, "next");
        log.flush();
        EXPECT_EQ(read(log, log.begin()), (std::vector<std::string>{"kept", "next"}));
    }
}

// Cutting there would make the segment longer, with zeros that no reader gets past.
TEST_F(RecordLogTest, APositionBehindTheEndOfAnEarlierSegmentIsDamage) {
    RecordLog log = open();
    log.append(RecordKind::changes, "first");
    const SpoolPosition end = log.end();
    log.roll();
    log.append(RecordKind::changes, "second");
    log.flush();
    EXPECT_THROW(log.truncate_to({end.segment, end.offset + 1}), Error);
    EXPECT_EQ(read(log, log.begin()), (std::vector<std::string>{"first", "second"}));
    log.truncate_to(end);
    EXPECT_EQ(read(log, log.begin()), std::vector<std::string>{"first"});
}

}  // namespace
}  // namespace farshore::test
