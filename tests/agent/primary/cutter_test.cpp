// A promise one step early is what is feared here: a mark is told when it is durable, and a cut
// that could not be committed is as if it had not been begun. (Databases: end to end.)

#include "agent/primary/cutter.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <thread>

#include "agent/primary/files/inotify_watcher.hpp"
#include "agent/runtime/system_clock.hpp"
#include "protocol/envelope.hpp"
#include "storage/disk/posix_file_system.hpp"
#include "tests/support/names.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_keys.hpp"

namespace farshore::primary {
namespace {

namespace fs = std::filesystem;

using test::long_wait;
using test::uploads;

// Nobody is there to take content.
class NoSink final : public ContentSink {
  public:
    bool is_connected() override { return false; }
    void whole(const SourceName&, const Digest&, std::string_view) override {}
    bool has_begun(const SourceName&, const std::string&) override { return false; }
    std::uint64_t begin(const ContentStart&) override { return 0; }
    void data(std::uint64_t, std::string_view) override {}
    std::uint64_t begin_recipe(const RecipeStart&) override { return 0; }
    void chunks(std::uint64_t, const std::vector<Chunk>&) override {}
    void answer(std::uint64_t, const ReadPiece&) override {}
    void answer_all(std::uint64_t, const ReadPiece&) override {}
    void end(std::uint64_t, std::uint64_t, const Digest&) override {}
    void abort(std::uint64_t) override {}
};

class CutterTest : public testing::Test {
  protected:
    CutterTest() {
        fs::create_directory(root());
        state_.set_epoch(Epoch(1));
        TreeSourceSettings settings;
        settings.stream = StreamName("shop");
        settings.tree.name = uploads;
        settings.tree.path = root();
        tree_ = std::make_unique<TreeSource>(settings,
                                             TreeSourceParts{.files = files_,
                                                             .state = state_,
                                                             .sink = sink_,
                                                             .clock = clock_,
                                                             .random = random_},
                                             std::make_unique<InotifyWatcher>());
        tree_->start();
        replication_.mark_interval = Duration::from_ms(3'600'000);
        replication_.min_cut_interval = Duration::from_ms(1);
    }
    ~CutterTest() override { end(); }

    [[nodiscard]] std::string root() const { return directory_ / "tree"; }
    [[nodiscard]] std::string state_file() const { return directory_ / "state.db"; }

    CutterWiring wiring() {
        CutterWiring wiring;
        wiring.trees = {tree_.get()};
        wiring.new_identity = [this] {
            if (failures_ > 0) {
                --failures_;
                throw Error(ErrorCode::disk_full, "no space left");
            }
            return std::string(16, 'i');
        };
        wiring.position = [](const SourceName&) { return StreamPosition{}; };
        wiring.want_position = [](const SourceName&, Lsn) {};
        wiring.is_whole = [](const SourceName&) { return true; };
        wiring.gaps = [](const SourceName&) { return std::vector<std::string>{}; };
        wiring.is_received = [](CutNumber) { return true; };
        wiring.on_refusal = [](const SourceName&, const std::optional<Error>&) {};
        wiring.on_fault = [this](const std::optional<Error>& fault) {
            faults_.emplace_back(fault ? fault->name() : "");
        };
        wiring.on_pending = [this](const SourceName&, const std::vector<std::string>& paths) {
            pending_ = paths;
        };
        wiring.on_mark = [this](const SealedMark& sealed, CutNumber cut) {
            // What another process would find now.
            storage::PrimaryState seen(state_file());
            EXPECT_EQ(seen.standing().cut, cut);
            EXPECT_EQ(seen.newest_mark()->envelope, sealed.envelope);
            EXPECT_EQ(seen.cut_identity(cut), std::string(16, 'i'));
            const auto newest = history_.newest();
            EXPECT_TRUE(!newest || newest->cut < cut);
            {
                const std::lock_guard lock(mutex_);
                marks_.push_back(sealed.mark);
            }
            if (untold_ > 0) {
                --untold_;
                throw Error(ErrorCode::disk_full, "no space left");
            }
        };
        return wiring;
    }
    void start() {
        cutter_ = std::make_unique<Cutter>(state_, history_, trigger_, clock_, sealer_,
                                           replication_, wiring());
        cutter_->restore();
        thread_ = std::jthread([this](const runtime::StopToken& stop) { cutter_->run(stop); });
    }
    void end() {
        if (thread_.joinable()) {
            thread_.request_stop();
            thread_.join();
        }
    }
    // A mark that was demanded and begun after this call. Cuts that are none, and the marks of
    // earlier demands, may be taken before.
    Mark mark() {
        const Timestamp called = clock_.utc_now();
        auto newest = history_.newest();
        trigger_.demand_mark();
        do {
            newest = history_.wait_above(newest ? newest->cut : CutNumber(), long_wait, {});
        } while (newest && (!newest->is_mark || newest_mark().time < called));
        EXPECT_TRUE(newest) << "no mark was taken";
        return newest_mark();
    }
    Mark newest_mark() {
        const std::lock_guard lock(mutex_);
        return marks_.back();
    }
    static const TreeMark& tree_of(const Mark& mark) {
        return std::get<TreeMark>(mark.sources.at(uploads));
    }
    // Marks until one is as of itself.
    Mark current_mark() {
        Mark newest = mark();
        for (int i = 0; i < 200 && tree_of(newest).as_of != newest.time; ++i) {
            newest = mark();
        }
        return newest;
    }

    test::TemporaryDirectory directory_;
    storage::PosixFileSystem files_;
    runtime::SystemClock clock_;
    runtime::SystemRandom random_;
    NoSink sink_;
    storage::PrimaryState state_{state_file()};
    CutHistory history_;
    CutTrigger trigger_;
    MarkSealer sealer_{StreamName("shop"), AgentName("app-east"), Duration::from_ms(30'000),
                       test::east_key()};
    config::Replication replication_;
    std::unique_ptr<TreeSource> tree_;
    std::atomic<int> failures_{0};
    std::atomic<int> untold_{0};  // marks after whose commit something else fails
    std::mutex mutex_;
    std::vector<Mark> marks_;
    std::vector<std::string> pending_;
    std::vector<std::string> faults_;
    std::unique_ptr<Cutter> cutter_;
    std::jthread thread_;
};

TEST_F(CutterTest, AMarkIsToldWhenItIsDurableAndBeforeItIsPublished) {
    start();
    test::write_whole(root() + "/file", "1");
    const Mark newest = current_mark();
    EXPECT_EQ(tree_of(newest).entries, 2u);
    EXPECT_TRUE(newest.complete);
}

TEST_F(CutterTest, ACutThatCanNotBeCommittedIsTakenAgainWithAllThatItHeld) {
    start();
    const Mark before = current_mark();
    failures_ = 1;
    test::write_whole(root() + "/file", "1");
    const Mark after = current_mark();
    EXPECT_EQ(failures_, 0);
    EXPECT_EQ(tree_of(after).entries, 2u);
    EXPECT_GT(after.mark, before.mark);
    end();
    EXPECT_EQ(faults_, (std::vector<std::string>{"DISK_FULL", ""}));
    for (std::size_t i = 1; i < marks_.size(); ++i) {  // none was lost, none was given twice
        EXPECT_EQ(marks_[i].mark, marks_[i - 1].mark.next());
    }
}

TEST_F(CutterTest, ACutThatIsCommittedIsPublishedWhateverFailsBehindIt) {
    start();
    (void)current_mark();
    untold_ = 1;
    (void)mark();
    EXPECT_EQ(untold_, 0);
    (void)mark();
    end();
    for (CutNumber cut(1); cut <= state_.standing().cut; cut = cut.next()) {
        EXPECT_TRUE(history_.wait_record(cut, test::no_wait)) << cut.value();
    }
    for (std::size_t i = 1; i < marks_.size(); ++i) {
        EXPECT_GE(tree_of(marks_[i]).as_of, tree_of(marks_[i - 1]).as_of);
    }
}

TEST_F(CutterTest, AfterARestartItGoesOnWithTheNextNumbers) {
    start();
    const Mark before = current_mark();
    end();
    const CutNumber last = state_.standing().cut;
    // A new process: nothing but the state is left.
    CutHistory history;
    CutTrigger trigger;
    Cutter again(state_, history, trigger, clock_, sealer_, replication_, wiring());
    again.restore();
    ASSERT_TRUE(history.newest());
    EXPECT_EQ(history.newest()->cut, last);
    EXPECT_TRUE(history.newest()->is_mark);
    EXPECT_EQ(history.newest()->newest_mark->mark, state_.standing().mark);
    EXPECT_GT(state_.standing().mark, before.mark);  // the last mark of the stop
}

// It would cut on for nobody: the role's other parts have ended, and the agent must end too.
TEST_F(CutterTest, ItEndsWhenAnotherPartOfTheRoleHasFailed) {
    start();
    (void)current_mark();
    std::promise<void> ended;
    std::thread waiter([&] {
        thread_.join();
        ended.set_value();
    });
    trigger_.stop();
    const auto waited = ended.get_future().wait_for(std::chrono::seconds(20));
    EXPECT_EQ(waited, std::future_status::ready);
    thread_.request_stop();
    waiter.join();
}

TEST_F(CutterTest, AMarkNamesWhatFitsAndAllOfItIsTold) {
    start();
    (void)current_mark();
    // Large files are read beside the cuts: pending in the first mark that sees them.
    std::string deep = root();
    for (int i = 0; i < 3; ++i) {
        deep += "/" + std::string(250, 'd');
    }
    fs::create_directories(deep);
    for (int i = 0; i < 400; ++i) {
        const std::string name = deep + "/" + std::to_string(i) + std::string(240, 'n');
        test::write_whole(name, "x");
        fs::resize_file(name, 300'000);
    }
    const Mark full = mark();
    const PendingFiles& pending = tree_of(full).pending;
    EXPECT_GT(pending.files, 100u);
    EXPECT_LE(pending.paths.size(), limits::mark_pending_paths);
    EXPECT_EQ(pending_.size(), pending.files);
    EXPECT_TRUE(history_.newest()->newest_mark->pending_noticed);
}

}  // namespace
}  // namespace farshore::primary
