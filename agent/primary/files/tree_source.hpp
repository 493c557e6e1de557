#pragma once
// One tree of the primary: what changed in it, cut after cut.

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/config/config.hpp"
#include "agent/primary/files/content_sink.hpp"
#include "agent/primary/files/deletion_guard.hpp"
#include "agent/primary/files/dirty_set.hpp"
#include "agent/primary/files/exclude_patterns.hpp"
#include "agent/primary/files/put_file.hpp"
#include "agent/primary/files/root_guard.hpp"
#include "agent/primary/files/transfer_pool.hpp"
#include "agent/primary/files/tree_capture.hpp"
#include "agent/primary/files/tree_cut.hpp"
#include "agent/primary/files/tree_scanner.hpp"
#include "agent/primary/files/uncovered_paths.hpp"
#include "agent/primary/files/watcher.hpp"
#include "agent/runtime/random.hpp"
#include "protocol/message_cut.hpp"
#include "storage/state/held_deletions.hpp"
#include "storage/state/primary_state.hpp"
#include "storage/state/tree_filters.hpp"

namespace farshore::primary {

struct TreeSourceSettings {
    StreamName stream;
    config::Tree tree;
    // Between the end of one full scan and the next: what no event tells of (mmap, a hard link
    // from outside) is found by then.
    Duration sweep_interval = Duration::from_ms(15L * 60 * 1000);
    // The same for a tree that can not be watched.
    Duration unwatched_sweep_interval = Duration::from_ms(10'000);
    int transfer_threads = 2;
    // Every content is read again once in it; zero: never.
    Duration scrub_interval;
};

// What it works with; all of it outlives the source.
struct TreeSourceParts {
    storage::FileSystem& files;
    storage::PrimaryState& state;  // of the cutter's thread
    ContentSink& sink;
    Clock& clock;
    runtime::Random& random;
};

// Invariants: a path that may have changed is in the dirty set, in the transfer pool, in the list
// of what can't be read, in a running scan, or in a capture that has not been committed; what
// was captured and not committed is captured again. start(), drain(), drain_again(), capture() and
// committed() are called by one thread, the others by any.
class TreeSource {
  public:
    TreeSource(TreeSourceSettings settings, TreeSourceParts parts,
               std::unique_ptr<Watcher> watcher);
    ~TreeSource();

    [[nodiscard]] const SourceName& name() const { return settings_.tree.name; }
    // Marks or recognises the root and begins the first scan. A root that is not there or not ours
    // is no failure: it is what capture() refuses with, and looked at again each time.
    void start();

    // A cut: drain (set A), the databases' positions, drain_again (set B), capture.
    void drain();
    void drain_again();
    [[nodiscard]] TreeCut capture(const CutInput& input);
    // The last capture is durable in the index.
    void committed();

    // Reads a file again for a secondary that lacks its content; false when it is no longer what
    // the index had: then it is captured anew.
    [[nodiscard]] bool read_wanted(const WantedContent& wanted, ContentSink& sink);
    void mark_dirty(const std::string& path);
    // Its content is not what the index has, whatever its times say.
    void distrust(const std::string& path);
    // A new file for the tree, for any thread. Throws root_changed, unsafe_path for a path that is
    // not in the tree or excluded from it, or timeout when start() is not over after 10 s.
    [[nodiscard]] std::unique_ptr<PutFile> put(const PutTarget& target);
    // Blocks until something may have changed; false after the timeout.
    [[nodiscard]] bool wait_for_change(Duration timeout) { return watcher_->wait(timeout); }
    // Ends such a wait.
    void wake() { watcher_->wake(); }
    // Held deletions were approved: the next cuts remove them.
    void take_approved();
    // A full scan as soon as possible.
    void request_scan() { scan_requested_ = true; }

  private:
    void wait_for_start();
    void start_scrub();
    void recognise_root();
    void recognise_filters();
    void look_at_held();
    void let_go_of_lost(const std::set<std::string>& lost);
    void look_at_approved();
    void describe_held(TreeCut& cut);
    void open_root();
    void take_requests();
    void drain_to_rest(DirtySet::Drain which);
    void take(const Hint& hint, DirtySet::Drain which, std::vector<std::string>& to_follow);
    void follow(const std::string& directory, DirtySet::Drain which);
    void begin_scan_when_due(const CutInput& input);
    void go_on_with_scan(const CutInput& input);
    void end_scan();
    void watch_other_names();
    void give_back();
    void describe(const CutInput& input, TreeCut& cut);
    void describe_moment(const CutInput& input, TreeCut& cut);
    // What is left behind now; `noticed`: TreeCut::pending_noticed.
    [[nodiscard]] PendingFiles pending(std::optional<BootTime>& noticed) const;
    [[nodiscard]] bool send_large(const WantedContent& wanted, const storage::Handle& root,
                                  ContentSink& sink);
    [[nodiscard]] bool send_small(const WantedContent& wanted, const storage::Handle& root,
                                  ContentSink& sink);

    // A scan that has to be over before the tree is current again, or a sweep beside the events.
    enum class ScanKind : std::uint8_t { catching_up, sweep };

    TreeSourceSettings settings_;
    TreeSourceParts parts_;
    std::unique_ptr<Watcher> watcher_;
    ExcludePatterns excluded_;
    ExcludePatterns append_only_;
    RootGuard guard_;
    DirtySet dirty_;
    UncoveredPaths uncovered_;
    LinkCensus links_;
    TransferPool transfers_;
    DeletionGuard guarded_;
    storage::HeldDeletions held_;
    storage::TreeFilters filters_;
    std::optional<ExcludePatterns> excluded_before_;  // until a full scan has seen the change
    std::optional<Timestamp> filters_changed_;
    std::atomic<bool> approved_{true};
    DirectoryVisitor visitor_;
    TreeScanner scanner_;
    TreeCapture capture_;

    std::optional<Error> refusal_;         // why there is no root_
    std::optional<storage::Handle> root_;  // from drain() to the end of capture()
    bool settled_ = true;                  // both drains came to rest
    // Every change is told or found: no event was lost since the last catching up began, and all
    // that it found is in a cut.
    bool caught_up_ = false;
    bool first_scan_done_ = false;
    ScanKind scan_kind_ = ScanKind::catching_up;
    bool scan_over_ = false;  // in this capture: its last finds may wait for the next one
    ClockReading scan_began_;
    std::optional<ClockReading> swept_;  // the last completed scan of this run
    std::optional<Timestamp> swept_utc_;
    std::optional<BootTime> scan_ended_;
    Timestamp scan_ended_utc_;
    std::vector<std::string> uncommitted_puts_;
    std::vector<std::string> uncommitted_removals_;
    std::vector<std::string> uncommitted_held_;
    std::atomic<bool> scan_requested_{true};
    std::mutex start_mutex_;
    std::condition_variable start_over_;
    bool started_ = false;
    std::mutex requests_mutex_;
    std::set<std::string> requests_;    // of mark_dirty()
    std::set<std::string> lost_;        // wanted by a secondary and not to be had
    std::set<std::string> distrusted_;  // of distrust()
    bool told_of_lost_ = false;
    runtime::TaskGroup scrub_;
};

}  // namespace farshore::primary
