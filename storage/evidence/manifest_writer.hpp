#pragma once
// The primary's chain of manifests: makes each, queues it with what it names.

#include <optional>
#include <string>
#include <vector>

#include "protocol/envelope.hpp"
#include "protocol/manifest.hpp"
#include "storage/evidence/chain_standing.hpp"
#include "storage/evidence/change_list.hpp"
#include "storage/evidence/outbox.hpp"

namespace farshore::storage {

struct TreeList {
    SourceName tree;
    ChangeList list;
};

struct ManifestContent {
    // Envelopes, consecutive, from the one after standing()->last_mark; one at least.
    std::vector<std::string> marks;
    CutNumber last_cut;  // the cut of the last of these marks
    // What changed in a tree over these marks, and whole listings as of the last one: read from the
    // index when the last mark's cut was the newest. A tree in which nothing changed may be left
    // out.
    std::vector<TreeList> changes;
    std::vector<TreeList> checkpoints;
};

// Invariants: sequence and previous are committed together with the queued object, so a crash never
// makes two manifests with one number; marks are written once, in order, without a gap.
class ManifestWriter {
  public:
    ManifestWriter(Database& database, StreamName stream, AgentName agent, SigningKey key);

    // The next manifests belong to `epoch`, whose record's payload has this digest. Says it again
    // after each start.
    void begin_epoch(Epoch epoch, const Digest& record);
    // nullopt before begin_epoch().
    [[nodiscard]] std::optional<ChainStanding> standing();
    // Asked for each tree whose first copy is finished: none in this epoch yet, or older than 24
    // hours or 10,000,000 changes.
    [[nodiscard]] bool needs_checkpoint(const SourceName& tree, Timestamp now);
    // From now on it needs one, whatever it had before: its changes were not all listed.
    void renew_checkpoint(const SourceName& tree);

    // Queues the objects and then the manifest, in one transaction; durable when it returns. Throws
    // Error(chain_broken) when the marks don't continue the chain.
    Sequence write(const ManifestContent& content, Timestamp now);

  private:
    [[nodiscard]] MarkNumber check_marks(const ManifestContent& content,
                                         const ChainStanding& standing) const;
    void note_lists(const ManifestContent& content, Sequence sequence, Timestamp now);

    Database& database_;
    Outbox outbox_;
    StreamName stream_;
    AgentName agent_;
    SigningKey key_;
};

}  // namespace farshore::storage
