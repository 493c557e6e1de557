#include "agent/primary/files/content_scrub.hpp"

#include <atomic>
#include <optional>
#include <thread>

#include "agent/runtime/task_group.hpp"
#include "protocol/limits.hpp"
#include "tests/agent/primary/files/tree_fixture.hpp"

namespace farshore::primary {
namespace {

namespace fs = std::filesystem;

class ContentScrubTest : public TreeFixture {
  protected:
    // The index has another content than the disk, and the kernel's times tell of no change: as if
    // the bytes had changed behind them.
    void alter_behind_the_times(const std::string& path) {
        storage::CapturedEntry row = state_->find(settings_.tree.name, path).value();
        row.entry.sha256 = sha256("what was there before");
        storage::CutCommit commit(*state_);
        commit.put(settings_.tree.name, row);
        commit.commit();
    }
    void cut_until_equal() {
        for (int i = 0; i < 200 && index() != disk(); ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            cut();
        }
        EXPECT_EQ(index(), disk());
    }
    // Of the tree that was started.
    ContentScrub make_scrub(Duration interval, runtime::Sleeper& sleeper) {
        guard_.emplace(files_, StreamName("shop"), settings_.tree.name, root());
        guard_->recognise(*state_, random_);
        return ContentScrub({.files = files_,
                             .guard = *guard_,
                             .state_file = state_->database().path(),
                             .tree = settings_.tree.name,
                             .interval = interval,
                             .sleeper = sleeper,
                             .on_difference = [this](const std::string&) { ++named_; }});
    }

    std::optional<RootGuard> guard_;
    std::atomic<int> named_{0};
};

// Does not wait: adds up, and stops as the first round ends, which is when it pauses for a second.
class RoundSleeper : public runtime::Sleeper {
  public:
    bool sleep(Duration duration, const runtime::StopToken&) override {
        if (duration == Duration::from_ms(1'000)) {
            round_is_over.request_stop();
        } else {
            rested.nanoseconds += duration.nanoseconds;
        }
        return !round_is_over.stop_requested();
    }
    runtime::StopSource round_is_over;
    Duration rested{};
};

TEST_F(ContentScrubTest, FindsWhatNoTimeTellsOf) {
    settings_.scrub_interval = Duration::from_ms(200);
    write("small", "content");
    write("large", std::string(limits::small_file + 1, 'x'));
    write("one", "of two names");
    fs::create_hard_link(at("one"), at("two"));
    // Read so soon after its last change a file would be read again by the next look anyway.
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    start();
    cut_until_quiet();
    for (const char* path : {"small", "large", "one", "two"}) {
        alter_behind_the_times(path);
    }
    EXPECT_NE(index(), disk());
    cut_until_equal();
    EXPECT_EQ(entry("one").sha256, entry("two").sha256);
}

bool is_open_below(const std::string& directory) {
    for (const auto& link : fs::directory_iterator("/proc/self/fd")) {
        std::error_code gone;
        const std::string target = fs::read_symlink(link, gone).string();
        if (!gone && target.starts_with(directory + "/")) {
            return true;
        }
    }
    return false;
}

// Days go by between two files; the root must be free to be unmounted meanwhile.
TEST_F(ContentScrubTest, HoldsNothingOpenWhileItRests) {
    write("file", std::string(100'000, 'f'));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    start();
    cut_until_quiet();
    alter_behind_the_times("file");
    runtime::SystemSleeper sleeper;
    ContentScrub scrub = make_scrub(Duration::from_ms(7LL * 86'400'000), sleeper);
    runtime::TaskGroup tasks;
    tasks.start("scrub", [&](const runtime::StopToken& stop) { scrub.run(stop); });
    const auto within = [](const auto& condition) {
        for (int i = 0; i < 1'000 && !condition(); ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        return condition();
    };
    EXPECT_TRUE(within([&] { return named_ == 1; }));  // it rests after a file, not within it
    EXPECT_TRUE(within([&] { return !is_open_below(root()); }));
    tasks.request_stop();
    tasks.join();
    EXPECT_FALSE(tasks.first_failure());
}

// Whatever part of a file's share was rested while it was read is not rested once more.
TEST_F(ContentScrubTest, ARoundTakesNoMoreThanItsInterval) {
    write("small", "content");
    write("large", std::string(limits::small_file + 1, 'x'));
    start();
    cut_until_quiet();
    // Short enough to rest only within files, and long enough to rest mostly between them.
    for (const std::int64_t ms : {2LL, 7LL * 86'400'000}) {
        RoundSleeper sleeper;
        ContentScrub scrub = make_scrub(Duration::from_ms(ms), sleeper);
        scrub.run(sleeper.round_is_over.get_token());
        // Half by bytes; of the half by entries a third is the root's own, which has no content.
        const double due =
            static_cast<double>(Duration::from_ms(ms).nanoseconds) * (1.0 / 2 + 1.0 / 3);
        EXPECT_NEAR(static_cast<double>(sleeper.rested.nanoseconds), due, due / 1'000);
    }
}

TEST_F(ContentScrubTest, NamesNothingThatIsAsItShouldBe) {
    write("a", "a");
    write("b", std::string(100'000, 'b'));
    start();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    cut_until_quiet();
    runtime::SystemSleeper sleeper;
    ContentScrub scrub = make_scrub(Duration::from_ms(20), sleeper);
    runtime::TaskGroup tasks;
    tasks.start("scrub", [&](const runtime::StopToken& stop) { scrub.run(stop); });
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    tasks.request_stop();
    tasks.join();
    EXPECT_EQ(named_, 0);
    EXPECT_FALSE(tasks.first_failure());
}

}  // namespace
}  // namespace farshore::primary
