#pragma once
// A real directory, watched and captured for real, cut after cut into a real index.

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agent/primary/files/inotify_watcher.hpp"
#include "agent/primary/files/tree_source.hpp"
#include "agent/runtime/system_clock.hpp"
#include "storage/disk/posix_file_system.hpp"
#include "storage/state/cut_commit.hpp"
#include "tests/support/faulty_file_system.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::primary {

// Keeps what was pushed, as a secondary would.
class RecordingSink final : public ContentSink {
  public:
    bool is_connected() override { return connected; }
    void whole(const SourceName& tree, const Digest& sha256, std::string_view content) override;
    bool has_begun(const SourceName&, const std::string&) override { return has_begun_; }
    std::uint64_t begin(const ContentStart& start) override;
    void data(std::uint64_t transfer, std::string_view content) override;
    // A recipe: nothing is here, all of it is wanted.
    std::uint64_t begin_recipe(const RecipeStart& start) override;
    void chunks(std::uint64_t transfer, const std::vector<Chunk>& chunks) override;
    void answer(std::uint64_t transfer, const ReadPiece& read) override;
    void answer_all(std::uint64_t transfer, const ReadPiece& read) override;
    void end(std::uint64_t transfer, std::uint64_t size, const Digest& sha256) override;
    void abort(std::uint64_t transfer) override;

    [[nodiscard]] bool has(const std::string& content);
    [[nodiscard]] std::size_t pushed();
    void forget();

    std::atomic<bool> connected{true};
    std::atomic<int> aborted{0};
    std::atomic<bool> has_begun_{false};
    std::atomic<int> recipes{0};
    std::atomic<std::uint64_t> last_prefix{0};
    std::string prefix_content;           // what it has where a content begins with a prefix
    std::vector<std::string> last_bases;  // of the last recipe
    // Called with each piece of a large file, to meddle with the file meanwhile.
    std::function<void()> on_data;

  private:
    std::mutex mutex_;
    std::uint64_t next_ = 0;
    std::map<std::uint64_t, std::string> transfers_;
    std::map<std::uint64_t, std::uint64_t> told_;  // bytes of the recipe so far
    std::map<Digest, std::string> contents_;
};

// The host's clock, and ahead of it where a test does not want to wait.
class ShiftedClock final : public runtime::SystemClock {
  public:
    ClockReading read() override {
        ClockReading reading = SystemClock::read();
        reading.boot = reading.boot + ahead();
        reading.utc = reading.utc + ahead();
        return reading;
    }
    BootTime boot_now() override { return SystemClock::boot_now() + ahead(); }
    Timestamp utc_now() override { return SystemClock::utc_now() + ahead(); }
    void advance(Duration by) { ahead_ += by.nanoseconds; }

  private:
    [[nodiscard]] Duration ahead() const { return {ahead_.load()}; }
    std::atomic<std::int64_t> ahead_{0};
};

class TreeFixture : public testing::Test {
  protected:
    TreeFixture();

    [[nodiscard]] std::string root() const { return directory_ / "tree"; }
    [[nodiscard]] std::string at(const std::string& path) const { return root() + "/" + path; }
    void write(const std::string& path, const std::string& content) const;

    // Starts (again) with a watcher that can be given a limit; does the first scan.
    void start();
    void open(std::size_t most_watches = SIZE_MAX);
    // A source that is not started yet.
    void make(std::size_t most_watches = SIZE_MAX);
    // One cut, committed.
    TreeCut cut();
    // What a cut holds before it is committed.
    TreeCut capture();
    void commit(const TreeCut& captured);
    // Cuts until the tree is current and nothing is pending.
    TreeCut cut_until_quiet();

    // Path -> content (files), "-> target" (links), or the type, by the index and by the disk.
    [[nodiscard]] std::map<std::string, std::string> index();
    [[nodiscard]] std::map<std::string, std::string> disk() const;
    [[nodiscard]] FileEntry entry(const std::string& path);

    test::TemporaryDirectory directory_;
    storage::PosixFileSystem disk_files_;
    test::FaultyFileSystem files_{disk_files_};
    ShiftedClock clock_;
    runtime::SystemRandom random_;
    RecordingSink sink_;
    TreeSourceSettings settings_;
    std::unique_ptr<storage::PrimaryState> state_;
    std::unique_ptr<TreeSource> source_;
    InotifyWatcher* watcher_ = nullptr;
};

[[nodiscard]] std::set<std::string> put_paths(const TreeCut& cut);

}  // namespace farshore::primary
