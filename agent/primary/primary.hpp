#pragma once
// The primary's role: owns the parts of this folder, starts them in order and stops them in
// reverse.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/primary/bandwidth_limit.hpp"
#include "agent/primary/content_broadcast.hpp"
#include "agent/primary/cutter.hpp"
#include "agent/primary/evidence_feed.hpp"
#include "agent/primary/forgetting.hpp"
#include "agent/primary/manifest_task.hpp"
#include "agent/primary/peer_link.hpp"
#include "agent/runtime/task_group.hpp"
#include "agent/session/upload_task.hpp"
#include "protocol/trust.hpp"
#include "storage/evidence/epoch_store.hpp"

namespace farshore::primary {

// What the role uses of the agent around it; all of it outlives the role.
struct PrimaryServices {
    const config::Config& config;
    Clock& clock;
    runtime::Random& random;
    storage::FileSystem& files;
    std::string state_file;
    SigningKey key;
    const TrustSet& trust;
    storage::ObjectStore& store;     // the config's
    storage::ObjectStore& evidence;  // this agent's own copy
    std::function<connection::Session(const config::Peer&, const Hello&)> dial;
    // The operator's wishes at a secondary: JSON in, JSON out.
    std::function<std::string(const std::string& verb, const std::string& json)> serve;
};

struct NamedPeer {
    AgentName name;
    PeerView view;
};

// Invariants: no cut is taken before the epoch's record says that this agent is its primary.
class Primary {
  public:
    explicit Primary(PrimaryServices services);
    ~Primary();

    // Opens the epoch (waits for the store when it has to), then cuts until stop. Throws fenced
    // when another agent is the primary.
    void run(const runtime::StopToken& stop);

    // --- what there is to tell; thread-safe
    [[nodiscard]] std::optional<Epoch> epoch() const;
    [[nodiscard]] std::vector<NamedPeer> peers() const;
    [[nodiscard]] DatabaseFacts database(const SourceName& name) const;
    [[nodiscard]] std::shared_ptr<const CutRecord> newest_cut() const { return history_.newest(); }
    [[nodiscard]] std::optional<Mark> newest_mark() const;
    [[nodiscard]] session::UploadFigures uploads() const { return uploads_.figures(); }
    [[nodiscard]] std::optional<PeerFault> fault() const;
    // Trees that can't be captured now, and why.
    [[nodiscard]] std::map<SourceName, PeerFault> refusals() const;
    // Trees of which a list was too large for the evidence.
    [[nodiscard]] std::map<SourceName, PeerFault> left_out() const { return manifests_.left_out(); }
    // All that the newest mark leaves behind in a tree.
    [[nodiscard]] std::vector<std::string> pending(const SourceName& tree) const;
    // What that secondary has lost of a database; by table, "" is all of it.
    [[nodiscard]] std::map<std::string, Gap> gaps(const SourceName& database,
                                                  const AgentName& peer) const {
        return gaps_.open_gaps(database, peer);
    }
    // What the decoders have passed, the best of all sessions.
    [[nodiscard]] StreamPosition position(const SourceName& database) const;

    // --- what can be asked for; thread-safe
    // Forces a mark, and waits until every secondary has received (or applied) one that holds all
    // that was changed before the call; what came later may be pending in it. Throws timeout or
    // cancelled.
    [[nodiscard]] MarkFacts flush(bool until_applied, Duration timeout,
                                  const runtime::StopToken& stop);
    // Forces a mark and a manifest that ends with it; returns when that is in the store. Throws
    // timeout.
    struct Published {
        MarkNumber mark;
        Sequence manifest;
    };
    [[nodiscard]] Published publish(Duration timeout);
    // Deletions that are held; and lets those of a batch go that are in it now: how many. Throws
    // not_found.
    [[nodiscard]] std::vector<storage::HeldBatch> held() const;
    [[nodiscard]] std::vector<std::string> held_paths(std::uint64_t batch, std::size_t most) const;
    std::uint64_t approve(std::uint64_t batch);
    [[nodiscard]] TreeSource* tree(const SourceName& name);
    // The session with that secondary; null while there is none.
    [[nodiscard]] std::shared_ptr<PeerSession> session(const AgentName& peer) const;

  private:
    // What a flush waits for: a mark above `before`, as of `since` or later in every source. What
    // was dirty at `since` was noticed before `noticed_by`, which is known when there is such a
    // mark: what it leaves behind and was noticed later changed later.
    struct FlushWish {
        MarkNumber before;
        BootTime since;
        std::optional<BootTime> noticed_by;
    };

    [[nodiscard]] static bool is_as_of(const std::optional<MarkFacts>& mark, const FlushWish& wish);
    [[nodiscard]] static bool covers(const std::optional<MarkFacts>& mark, const FlushWish& wish);
    void open_epoch(const runtime::StopToken& stop);
    void enter_epoch(const storage::OpenedEpoch& opened);
    void start_tasks();
    void make_trees();
    void start_peer(PeerLink& link);
    void feed_evidence(PeerLink& link, const runtime::StopToken& stop);
    void last_words();
    CutterWiring cutter_wiring();
    SessionContext session_context();
    void welcome_back();
    void on_published(const storage::ChainStanding& published);
    void on_mark(const SealedMark& sealed);
    void on_refusal(const SourceName& tree, const std::optional<Error>& refusal);
    void on_fault(const std::optional<Error>& fault);
    void on_progress();
    [[nodiscard]] bool is_whole(const SourceName& database) const;
    [[nodiscard]] std::vector<std::string> describe_gaps(const SourceName& database);
    [[nodiscard]] bool has_gap(const AgentName& peer) const;
    [[nodiscard]] std::optional<MarkFacts> held_by_all(bool applied, const FlushWish& wish) const;
    [[nodiscard]] bool all_applied(CutNumber cut) const;

    PrimaryServices services_;
    CutTrigger trigger_;
    CutHistory history_;
    BandwidthLimit bandwidth_;
    ContentBroadcast broadcast_;
    MarkSealer sealer_;
    storage::PrimaryState state_;  // of the cutter's thread
    GapBoard gaps_;
    std::vector<std::unique_ptr<TreeSource>> trees_;
    std::map<SourceName, std::unique_ptr<DatabaseWatch>> watches_;
    std::map<SourceName, std::unique_ptr<TransactionLog>> transactions_;
    SessionContext context_;
    std::vector<std::unique_ptr<PeerLink>> links_;
    session::UploadTask uploads_;
    ManifestTask manifests_;
    Forgetting forgetting_;  // of the manifests' thread
    std::unique_ptr<Cutter> cutter_;

    mutable std::mutex mutex_;
    mutable std::condition_variable_any progress_;
    std::optional<Epoch> epoch_;
    std::optional<Mark> newest_mark_;
    std::optional<MarkFacts> newest_facts_;  // of the same
    std::map<SourceName, std::vector<std::string>> pending_;
    std::optional<PeerFault> fault_;
    std::map<SourceName, PeerFault> refusals_;
    runtime::TaskGroup tasks_;
};

}  // namespace farshore::primary
