// A promise one step early is what is feared here: applied is said of what is there and durable.
// (Rows: tests/agent/secondary/postgres and tests/end_to_end.)

#include "agent/secondary/applier.hpp"

#include <thread>

#include "agent/secondary/postgres/replica_progress.hpp"
#include "tests/agent/secondary/receiving_fixture.hpp"
#include "tests/support/postgres_server.hpp"

namespace farshore::secondary {
namespace {

class ApplierTest : public ReceivingFixture {
  protected:
    ~ApplierTest() override { end(); }

    void receive(std::uint64_t number, const std::vector<FileEntry>& entries) {
        state_.index().add_incoming(CutNumber(number), uploads_, entries);
        state_.commit_received({.cut = CutNumber(number),
                                .base = CutNumber(number - 1),
                                .is_mark = false,
                                .marks = {},
                                .databases = {},
                                .as_of = {},
                                .primary_boot_id = "boot"},
                               {clock_.utc_now(), std::nullopt});
    }
    // Nothing but a position of database app; or not even that.
    void receive_mark(std::uint64_t number, std::optional<Lsn> lsn) {
        std::map<SourceName, storage::DatabasePoint> databases;
        if (lsn) {
            databases[app_] = {.lsn = *lsn, .spool_end = {}};
        }
        state_.commit_received(
            {.cut = CutNumber(number),
             .base = CutNumber(number - 1),
             .is_mark = true,
             .marks = {{MarkNumber(number), "envelope", sha256(std::to_string(number))}},
             .databases = databases,
             .as_of = {},
             .primary_boot_id = "boot"},
            {clock_.utc_now(), std::nullopt});
    }
    void start() {
        applier_ = std::make_unique<Applier>(
            ApplierParts{.stream = StreamName("shop"),
                         .agent = AgentName("west"),
                         .trees = trees_,
                         .databases = databases_,
                         .files = files_,
                         .state_file = state_file(),
                         .clock = clock_,
                         .random = random_,
                         .faults = faults_,
                         .on_applied = [this](CutNumber cut, const std::map<SourceName, Digest>&) {
                             EXPECT_EQ(standing().applied_cut, cut);
                             const std::lock_guard lock(mutex_);
                             applied_.push_back(cut.value());
                             changed_.notify_all();
                         }});
        thread_ = std::jthread([this](const runtime::StopToken& stop) {
            try {
                applier_->run(stop);
            } catch (const Error& error) {
                failure_ = error;
            }
        });
    }
    void end() {
        if (thread_.joinable()) {
            thread_.request_stop();
            thread_.join();
        }
    }
    [[nodiscard]] bool wait_applied(std::size_t count) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(20),
                                 [&] { return applied_.size() >= count; });
    }
    // Until something is wrong, or nothing any more.
    [[nodiscard]] bool wait_fault(bool wanted = true) {
        for (int i = 0; i < 400 && faults_.faults().empty() == wanted; ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        return faults_.faults().empty() != wanted;
    }
    [[nodiscard]] bool is_there(const std::string& path) const {
        return std::filesystem::exists(std::filesystem::symlink_status(root() + "/" + path));
    }

    const SourceName app_{"app"};
    std::map<SourceName, std::shared_ptr<ReplicaDatabase>> databases_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::uint64_t> applied_;
    std::optional<Error> failure_;
    std::unique_ptr<Applier> applier_;
    std::jthread thread_;
};

TEST_F(ApplierTest, CutsAreAppliedInTheirOrderAndSaidWhenTheStateSaysSo) {
    receive(1, {fifo("a"), fifo("b")});
    receive(2, {removal("a")});
    start();
    ASSERT_TRUE(wait_applied(2));
    EXPECT_FALSE(is_there("a"));
    EXPECT_TRUE(is_there("b"));
    receive(3, {fifo("c")});
    applier_->wake();
    ASSERT_TRUE(wait_applied(3));
    EXPECT_TRUE(is_there("c"));
    end();
    EXPECT_EQ(applied_, (std::vector<std::uint64_t>{1, 2, 3}));
}

TEST_F(ApplierTest, NothingIsAppliedIntoARootThatIsNotThereAndAllOfItAfterwards) {
    std::filesystem::rename(root(), root() + ".away");
    std::filesystem::create_directory(root());
    receive(1, {fifo("a")});
    start();
    ASSERT_TRUE(wait_fault());
    EXPECT_EQ(faults_.faults().begin()->second.error.code(), ErrorCode::root_changed);
    EXPECT_FALSE(is_there("a"));
    EXPECT_EQ(standing().applied_cut, CutNumber(0));
    std::filesystem::remove(root());
    std::filesystem::rename(root() + ".away", root());
    applier_->wake();
    ASSERT_TRUE(wait_applied(1));
    EXPECT_TRUE(is_there("a"));
    EXPECT_TRUE(wait_fault(false));
}

TEST_F(ApplierTest, AFailedSyncEndsItAndNothingIsSaidApplied) {
    files_.fail_syncs_from(1);
    receive(1, {fifo("a")});
    start();
    thread_.join();
    ASSERT_TRUE(failure_);
    EXPECT_EQ(failure_->code(), ErrorCode::sync_failed);
    EXPECT_TRUE(applied_.empty());
    EXPECT_EQ(standing().applied_cut, CutNumber(0));
}

TEST_F(ApplierTest, WhatPassesIsTriedAgainFromTheBeginningOfTheCut) {
    files_.fail(test::FaultyFileSystem::Call::make_node, 1, ErrorCode::disk_full);
    receive(1, {fifo("a")});
    start();
    ASSERT_TRUE(wait_applied(1));
    EXPECT_TRUE(is_there("a"));
    EXPECT_TRUE(wait_fault(false));
}

TEST_F(ApplierTest, NoCutIsAppliedWhileItIsPaused) {
    start();
    auto paused = std::make_unique<std::unique_lock<std::mutex>>(applier_->pause());
    receive(1, {fifo("a")});
    applier_->wake();
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    EXPECT_EQ(standing().applied_cut, CutNumber(0));
    paused.reset();
    applier_->wake();
    ASSERT_TRUE(wait_applied(1));
}

// With a real server: which of its tables are set aside is asked before anything is called applied.
class DatabaseApplierTask : public ApplierTest {
  protected:
    DatabaseApplierTask() {
        config::Database configured;
        configured.name = app_;
        configured.connection = server_.conninfo("postgres");
        databases_[app_] = std::make_shared<ReplicaDatabase>(
            configured, files_, files_.open_root(directory_.path()), "app-spool");
        set_progress(Lsn(100));
        state_.set_database(app_, {true, Lsn(100), "7300", 1, Lsn()}, {});
    }
    void set_progress(Lsn lsn) {
        postgres::Connection replica(server_.conninfo("postgres"), stop_);
        write_progress(replica, StreamName("shop"), app_, {true, lsn, "7300", 1});
    }
    Lsn progress() {
        postgres::Connection replica(server_.conninfo("postgres"), stop_);
        return read_progress(replica, StreamName("shop"), app_)->lsn;
    }

    test::PostgresServer server_;
    postgres::WakeEvent stop_;
};

// The mark's transactions are in the copy, in some other way than one after the other.
TEST_F(DatabaseApplierTask, OfADatabaseThatIsCopiedAnewNoDigestIsTold) {
    receive_mark(1, Lsn(100));
    start();
    ASSERT_TRUE(wait_applied(1));
    state_.set_database(app_, DatabaseStanding{}, {});
    receive_mark(2, Lsn(200));
    applier_->wake();
    ASSERT_TRUE(wait_applied(2));
    end();
    const auto marks = state_.marks_applied_after(MarkNumber(1), 1);
    ASSERT_EQ(marks.size(), 1U);
    EXPECT_FALSE(marks.front().sources.contains(app_));
}

// Also when a cut that has nothing of it is what opens the connection.
TEST_F(DatabaseApplierTask, AReplicaThatWasPutBackIsNotGoneOnWith) {
    receive_mark(1, Lsn(100));
    state_.commit_applied(CutNumber(1), {clock_.utc_now(), std::nullopt}, {}, {{app_, Lsn(200)}});
    receive_mark(2, std::nullopt);
    receive_mark(3, Lsn(300));
    start();
    EXPECT_TRUE(wait_fault());
    end();
    EXPECT_EQ(progress(), Lsn(100));
}

}  // namespace
}  // namespace farshore::secondary
