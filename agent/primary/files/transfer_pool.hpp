#pragma once
// Reads large files (and those that do not hold still) in the background: hashed and pushed while
// they are read, handed to a later cut when they are whole.

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/primary/files/content_push.hpp"
#include "agent/primary/files/file_reader.hpp"
#include "agent/primary/files/root_guard.hpp"
#include "agent/runtime/random.hpp"
#include "agent/runtime/system_clock.hpp"
#include "agent/runtime/task_group.hpp"
#include "protocol/mark.hpp"

namespace farshore::primary {

struct TransferRequest {
    std::string path;
    storage::FileStatus status;
    // Content that the secondaries have and that this file may well be (a rename, or only its
    // metadata changed): it is hashed first, and pushed only when it is another.
    std::optional<Digest> known;
    // The secondaries have an older version of it: its content.
    std::optional<Digest> older;
    // It is only ever appended to.
    bool append_only = false;
    // Other files of the tree that may hold some of it.
    std::vector<std::string> bases;
    // Files of the same size that the secondaries have: it may be a copy of one.
    std::vector<FileEntry> same_size;
    Timestamp since;          // when the change was noticed
    BootTime noticed;         // DirtyPath::noticed
    bool distrusted = false;  // DirtyPath::distrusted
};

struct TransferSettings {
    // A file that never holds still is sent as it is read after this.
    Duration unstable_after = Duration::from_ms(60'000);
    // Of one core, for a file that changes again and again: until so much has passed since it was
    // read that this holds, it is not read again.
    double reread_share = 0.1;
    std::size_t most = 0;  // transfers
    // CPU that the calling thread has used.
    std::function<Duration()> cpu_time = runtime::thread_cpu_time;
};

struct FinishedTransfer {
    std::string path;
    storage::FileStatus status;
    std::optional<Digest> sha256;  // none: look at the path again
    std::uint64_t size = 0;
    Timestamp began;        // of the reading
    BootTime began_boot;    // the same
    bool unstable = false;  // it never held still: this is what was read
    bool moment = false;    // its content as of one moment; it has changed since
    Timestamp since;
    BootTime noticed;
    bool distrusted = false;
};

// Invariants: at most one transfer for each path, at most settings.most of them; a path stays until
// its result was taken. Small files go before large ones on one of the threads. Thread-safe.
class TransferPool {
  public:
    TransferPool(storage::FileSystem& files, const RootGuard& guard, ContentSink& sink,
                 Clock& clock, runtime::Random& random, SourceName tree, TransferSettings settings);
    ~TransferPool();

    void start(int threads, std::function<void()> on_finished);
    // Ends what runs; pushed content is aborted.
    void stop();

    // False: there is no room now. A path that is in the pool already is read again if need be.
    bool request(const TransferRequest& request);
    [[nodiscard]] bool has_room() const;
    [[nodiscard]] std::vector<FinishedTransfer> take_finished();
    // Is another name of this file under way?
    [[nodiscard]] bool is_reading(std::uint64_t filesystem, std::uint64_t inode) const;
    // Adds what is under way to `pending`; the earliest that any of it was noticed.
    std::optional<BootTime> add_pending(PendingFiles& pending) const;

  private:
    enum class State : std::uint8_t { waiting, running, finished };
    struct Job {
        TransferRequest request;
        State state = State::waiting;
        BootTime not_before;
        std::optional<BootTime> first_try;
        int tries = 0;
        FinishedTransfer result;
    };
    using Jobs = std::map<std::string, Job>;

    void work(bool smallest_first, const runtime::StopToken& stop);
    [[nodiscard]] Jobs::iterator next_job(bool smallest_first);
    // Fills `known` and `bases` by what `same_size` looks like.
    void look_for_copies(TransferRequest& request) const;
    void run(TransferRequest request, bool insist, const runtime::StopToken& stop);
    [[nodiscard]] std::optional<FileReading> read(const TransferRequest& request, bool push,
                                                  bool insist, const runtime::StopToken& stop);
    [[nodiscard]] FileReading read_tail(const TransferRequest& request, const storage::Handle& root,
                                        const TakePiece& take, std::unique_ptr<ContentPush>& push);
    [[nodiscard]] std::unique_ptr<ContentPush> begin_push(const TransferRequest& request,
                                                          const storage::Handle& root,
                                                          bool insist) const;
    struct Began {
        Timestamp utc;
        BootTime boot;
    };
    [[nodiscard]] Began begin_now() const { return {clock_.utc_now(), clock_.boot_now()}; }
    void finish(const std::string& path, const FileReading* reading, const Began& began,
                bool insist);
    void wait_for_quiet(Job& job);
    void note_cost(const std::string& path, BootTime began, Duration cost);
    // When it may be read; its mutex is held.
    [[nodiscard]] BootTime may_begin(const std::string& path) const;

    storage::FileSystem& files_;
    const RootGuard& guard_;
    ContentSink& sink_;
    Clock& clock_;
    runtime::Random& random_;
    SourceName tree_;
    TransferSettings settings_;
    std::function<void()> on_finished_;
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    Jobs jobs_;
    std::map<std::pair<std::uint64_t, std::uint64_t>, int> inodes_;  // jobs of each file
    std::map<std::string, FileTail> tails_;                          // of append-only files
    // When files that cost much to read may be read again.
    struct Rest {
        BootTime paid;        // from then on all its readings have cost the share at most
        BootTime not_before;  // one reading may be ahead of that
    };
    std::map<std::string, Rest> rests_;
    runtime::TaskGroup threads_;
};

}  // namespace farshore::primary
