#include "agent/primary/manifest_task.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "agent/runtime/system_clock.hpp"
#include "storage/state/cut_commit.hpp"
#include "tests/support/names.hpp"
#include "tests/support/sample_evidence.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::primary {
namespace {

using test::long_wait;
using test::uploads;

class ManifestTaskTest : public testing::Test {
  protected:
    ManifestTaskTest() { task_.begin_epoch(Epoch(1), sha256("epoch record")); }

    // One cut that puts `path`; a mark when `sealed`.
    void cut(const std::string& path, bool sealed) {
        commit([&](storage::CutCommit& commit) { put(commit, path); }, sealed);
    }
    static void put(storage::CutCommit& commit, const std::string& path) {
        storage::CapturedEntry entry;
        entry.entry.path = path;
        entry.entry.type = EntryType::fifo;
        commit.put(uploads, entry);
    }
    void commit(const std::function<void(storage::CutCommit&)>& fill, bool sealed) {
        storage::CutCommit commit(state_);
        fill(commit);
        if (sealed) {
            Mark mark = test::sample_mark();
            mark.mark = commit.mark();
            commit.seal(true,
                        seal_envelope(payload_type::mark, to_payload(mark), test::east_key()));
        }
        commit.commit();
    }
    void while_running(const std::function<void()>& deed) {
        std::jthread thread([&](const runtime::StopToken& stop) { task_.run(stop); });
        deed();
    }
    // What is queued for the store now, by key.
    std::map<std::string, std::string> queued() {
        std::map<std::string, std::string> found;
        storage::Statement ask(database_, "SELECT key, bytes FROM evidence_outbox");
        while (ask.step()) {
            found[std::string(ask.bytes(0))] = std::string(ask.bytes(1));
        }
        return found;
    }
    std::vector<std::string> listed(const std::string& key, std::uint64_t count) {
        std::vector<std::string> paths;
        const std::string bytes = queued().at(key);
        storage::ChangeListReader reader(bytes, count);
        while (const auto entry = reader.next()) {
            paths.push_back(entry->path);
        }
        return paths;
    }

    test::TemporaryDirectory directory_;
    const std::string file_ = directory_ / "state.db";
    runtime::SystemClock clock_;
    storage::PrimaryState state_{file_};
    storage::Database database_{file_};
    storage::Outbox outbox_{database_};
    std::vector<MarkNumber> published_;
    ManifestTask task_{file_,
                       StreamName("shop"),
                       AgentName("app-east"),
                       test::east_key(),
                       {uploads},
                       [] { return Duration::from_ms(3'600'000); },
                       clock_,
                       [this](const storage::ChainStanding& standing) {
                           published_.push_back(standing.last_mark);
                       }};
};

TEST_F(ManifestTaskTest, AManifestHoldsWhatItsLastMarkHoldsAndNothingLater) {
    cut("a", false);
    cut("b", true);
    task_.on_mark();  // the view is opened here, whatever comes before it is read
    cut("c", true);
    while_running([&] { EXPECT_TRUE(task_.wait_written(MarkNumber(1), long_wait)); });
    EXPECT_EQ(task_.written(), MarkNumber(1));
    const auto objects = queued();
    ASSERT_TRUE(objects.contains("manifests/shop/00000001/app-east/000000000001.json"));
    EXPECT_EQ(listed("changes/shop/00000001/app-east/000000000001-uploads.jsonl.zst", 2),
              (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(published_, std::vector<MarkNumber>{MarkNumber(1)});
}

TEST_F(ManifestTaskTest, TheNextOneGoesOnWhereTheLastEnded) {
    while_running([&] {
        cut("a", true);
        task_.on_mark();
        ASSERT_TRUE(task_.wait_written(MarkNumber(1), long_wait));
        cut("b", true);
        task_.on_mark();  // too young: its interval has not passed
        cut("c", true);
        task_.demand();
        task_.on_mark();
        EXPECT_EQ(task_.wait_written(MarkNumber(3), long_wait), Sequence(2));
    });
    EXPECT_EQ(listed("changes/shop/00000001/app-east/000000000002-uploads.jsonl.zst", 2),
              (std::vector<std::string>{"b", "c"}));
}

TEST_F(ManifestTaskTest, MarksThatHardlyFitAManifestEndIt) {
    while_running([&] {
        cut("a", true);
        task_.on_mark();
        ASSERT_TRUE(task_.wait_written(MarkNumber(1), long_wait));
        cut("b", true);
        task_.on_mark(ManifestTask::most_mark_bytes - 1);
        EXPECT_FALSE(task_.wait_written(MarkNumber(2), Duration::from_ms(1)));
        cut("c", true);
        task_.on_mark(1);
        EXPECT_EQ(task_.wait_written(MarkNumber(3), long_wait), Sequence(2));
        cut("d", true);
        task_.on_mark(1);  // counted from the last one on
        EXPECT_FALSE(task_.wait_written(MarkNumber(4), Duration::from_ms(1)));
    });
}

TEST_F(ManifestTaskTest, NothingIsWrittenBeforeItIsQueued) {
    cut("a", true);
    EXPECT_FALSE(task_.wait_written(MarkNumber(1), Duration::from_ms(1)));
    task_.on_mark();
    EXPECT_FALSE(task_.wait_written(MarkNumber(1), Duration::from_ms(1)));
    EXPECT_TRUE(queued().empty());
    while_running([&] {
        ASSERT_TRUE(task_.wait_written(MarkNumber(1), long_wait));
        EXPECT_FALSE(queued().empty());
    });
}

TEST_F(ManifestTaskTest, ATreeThatCameBackIsListedWhole) {
    while_running([&] {
        for (const char* path : {"a", "b"}) {
            storage::CutCommit commit(state_);
            commit.set_scanned(uploads, true, std::nullopt);
            commit.commit();
            cut(path, true);
            task_.demand();
            task_.on_mark();
            ASSERT_TRUE(task_.wait_written(state_.standing().mark, long_wait));
        }
    });
    const std::string second = "checkpoints/shop/00000001/app-east/000000000002-uploads.jsonl.zst";
    EXPECT_FALSE(queued().contains(second));
    task_.renew_checkpoint(uploads);
    while_running([&] {
        cut("c", true);
        task_.demand();
        task_.on_mark();
        ASSERT_TRUE(task_.wait_written(state_.standing().mark, long_wait));
    });
    EXPECT_EQ(listed("checkpoints/shop/00000001/app-east/000000000003-uploads.jsonl.zst", 3),
              (std::vector<std::string>{"a", "b", "c"}));
}

// Lists of some 30 entries have room, longer ones have not.
class ManifestTaskWithLittleRoomTest : public ManifestTaskTest {
  protected:
    ManifestTaskWithLittleRoomTest() { small_.begin_epoch(Epoch(1), sha256("epoch record")); }

    // Paths that don't shrink.
    static std::string path(int number) { return sha256(std::to_string(number)).hex(); }
    void publish(const std::function<void(storage::CutCommit&)>& fill) {
        commit(fill, true);
        small_.demand();
        small_.on_mark();
        ASSERT_TRUE(small_.wait_written(state_.standing().mark, long_wait));
    }
    void publish_puts(int from, int to) {
        publish([&](storage::CutCommit& commit) {
            for (int i = from; i < to; ++i) {
                put(commit, path(i));
            }
        });
    }
    void publish_removals(int from, int to) {
        publish([&](storage::CutCommit& commit) {
            for (int i = from; i < to; ++i) {
                commit.remove(uploads, path(i));
            }
        });
    }
    [[nodiscard]] bool has_list(const std::string& kind, int sequence) {
        return queued().contains(kind + "/shop/00000001/app-east/00000000000" +
                                 std::to_string(sequence) + "-uploads.jsonl.zst");
    }

    ManifestTask small_{file_,
                        StreamName("shop"),
                        AgentName("app-east"),
                        test::east_key(),
                        {uploads},
                        [] { return Duration::from_ms(3'600'000); },
                        clock_,
                        [](const storage::ChainStanding&) {},
                        2'000};
};

TEST_F(ManifestTaskWithLittleRoomTest, AListingThatIsTooLargeIsLeftOutAndTheChainGoesOn) {
    std::jthread thread([&](const runtime::StopToken& stop) { small_.run(stop); });
    publish_puts(0, 20);
    publish_puts(20, 40);
    publish_puts(40, 60);
    EXPECT_TRUE(small_.left_out().empty());
    publish([&](storage::CutCommit& commit) {
        commit.set_scanned(uploads, true, std::nullopt);
        put(commit, path(60));
    });
    EXPECT_TRUE(has_list("changes", 4));
    EXPECT_FALSE(has_list("checkpoints", 4));
    ASSERT_TRUE(small_.left_out().contains(uploads));
    EXPECT_EQ(small_.left_out().at(uploads).error.code(), ErrorCode::too_large);
    publish_puts(61, 62);
    EXPECT_TRUE(has_list("changes", 5));
    EXPECT_FALSE(has_list("checkpoints", 5));
    // With fewer entries it has room again.
    publish_removals(0, 35);
    EXPECT_TRUE(has_list("checkpoints", 6));
    EXPECT_TRUE(small_.left_out().empty());
}

TEST_F(ManifestTaskWithLittleRoomTest, AChangeListThatIsTooLargeIsLeftOutAndAListingIsWanted) {
    std::jthread thread([&](const runtime::StopToken& stop) { small_.run(stop); });
    publish([&](storage::CutCommit& commit) {
        commit.set_scanned(uploads, true, std::nullopt);
        put(commit, path(0));
    });
    EXPECT_TRUE(has_list("checkpoints", 1));
    publish_puts(1, 60);
    EXPECT_FALSE(has_list("changes", 2));
    EXPECT_FALSE(has_list("checkpoints", 2));
    EXPECT_TRUE(small_.left_out().contains(uploads));
    publish_removals(1, 36);
    EXPECT_TRUE(has_list("checkpoints", 3));
    EXPECT_TRUE(small_.left_out().empty());
}

}  // namespace
}  // namespace farshore::primary
