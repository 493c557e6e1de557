#pragma once
// Every upload interval: the marks since the last manifest and what changed over them, signed and
// queued.

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "agent/primary/mark_sealer.hpp"
#include "agent/primary/peer_view.hpp"
#include "agent/runtime/stop_token.hpp"
#include "storage/evidence/manifest_writer.hpp"
#include "storage/state/primary_state.hpp"

namespace farshore::primary {

// A manifest's change lists fold to the listing at its last mark, so they are read from a view of
// the index that is opened between that mark's commit and the next one. Invariants: a manifest ends
// with the mark whose cut was the newest when its view was opened.
// A list that would be over the limit of an object is left out, and said: marks, and the lists of
// other trees, go on. Without a checkpoint the tree's listing still folds from the one before;
// without a change list it does not until there is a checkpoint, which is wanted from then on.
class ManifestTask {
  public:
    // Marks of so many bytes end a manifest, however young it is: it has to fit one object.
    static constexpr std::size_t most_mark_bytes = 32 * limits::mib;

    // list_limit: bytes of a list, compressed.
    ManifestTask(const std::string& state_file, StreamName stream, AgentName agent, SigningKey key,
                 std::vector<SourceName> trees, std::function<Duration()> interval, Clock& clock,
                 std::function<void(const storage::ChainStanding&)> on_queued,
                 std::size_t list_limit = limits::evidence_object);

    void begin_epoch(Epoch epoch, const Digest& record);
    // The next manifest carries a whole listing of that tree. Before run().
    void renew_checkpoint(const SourceName& tree) { writer_.renew_checkpoint(tree); }
    // Blocks until stop; a view that was opened is still written.
    void run(const runtime::StopToken& stop);
    // On the cutter's thread, right after the commit of a mark, whose envelope has so many bytes.
    void on_mark(std::size_t envelope_bytes = 0);
    // The next mark ends a manifest, however young the last one is.
    void demand();
    // After the last mark, which no other one follows: begins the manifest that ends with it. Waits
    // for an older one that is being written, `timeout` at most. On the cutter's thread.
    void begin_last(MarkNumber mark, Duration timeout);
    // Waits until a manifest that holds `mark` is queued; its sequence, or nullopt after `timeout`.
    [[nodiscard]] std::optional<Sequence> wait_written(MarkNumber mark, Duration timeout);
    // The last mark that a manifest holds.
    [[nodiscard]] MarkNumber written() const;
    // Trees of which a list was left out, until there is a checkpoint again.
    [[nodiscard]] std::map<SourceName, PeerFault> left_out() const;

  private:
    void write();
    // Throws what does not pass by itself.
    void give_up(const Error& error);
    [[nodiscard]] storage::ManifestContent read(const storage::ChainStanding& standing);
    void read_changes(const SourceName& tree, CutNumber since, storage::ManifestContent& content);
    void read_listing(const SourceName& tree, storage::ManifestContent& content);
    [[nodiscard]] bool needs_listing(const SourceName& tree, const storage::TreeStanding& standing);
    void leave_out(const SourceName& tree, std::string_view what, std::string_view consequence);

    Clock& clock_;
    std::function<Duration()> interval_;  // it grows while the store is away
    std::vector<SourceName> trees_;
    std::function<void(const storage::ChainStanding&)> on_queued_;
    storage::PrimaryState view_state_;  // used by whoever holds the turn, see phase_
    std::unique_ptr<storage::ReadTransaction> view_;
    storage::Database writer_database_;
    storage::ManifestWriter writer_;
    std::size_t list_limit_;
    // Of the last listing that was too large.
    struct TooLarge {
        std::uint64_t entries = 0;
        Timestamp tried;
    };
    std::map<SourceName, TooLarge> too_large_;  // only run() uses it

    enum class Phase : std::uint8_t { idle, viewed };
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    Phase phase_ = Phase::idle;
    bool demanded_ = false;
    std::size_t mark_bytes_ = 0;  // of the marks since the last view
    std::optional<BootTime> last_;
    Timestamp viewed_at_;
    MarkNumber written_;
    Sequence sequence_;
    std::map<SourceName, PeerFault> left_out_;
};

}  // namespace farshore::primary
