#pragma once
// Evidence that came with the stream: kept here, and put into a directory store beside our own, so
// that a verification needs nothing from the primary's side.

#include <functional>
#include <mutex>
#include <string>

#include "protocol/message_session.hpp"
#include "protocol/trust.hpp"
#include "storage/evidence/epoch_store.hpp"
#include "storage/evidence/outbox.hpp"
#include "storage/objects/object_keys.hpp"
#include "storage/objects/object_store.hpp"

namespace farshore::secondary {

// Invariants: what is kept was not altered afterwards (the store creates, never overwrites); a
// manifest is kept only after everything that it names; what is kept is queued for our own store,
// where that is wanted, so a crash leaves no hole there; nobody writes our own evidence but us.
class EvidenceKeeper {
  public:
    struct Parts {
        storage::ObjectStore& kept;
        std::string state_file;
        StreamName stream;
        AgentName agent;      // ourselves
        bool mirror = false;  // queue what came for our own store, too
        const TrustSet& trust;
        Clock& clock;
        std::function<void(const storage::OpenedEpoch&)> on_epoch;
        std::function<void()> on_queued;
    };
    explicit EvidenceKeeper(Parts parts);

    // The epoch's record from an earlier run, if it is kept.
    void restore(const StreamName& stream, Epoch epoch);
    // A piece from the control lane. Throws malformed for one that does not fit.
    void take(const EvidenceObject& piece);
    // A new session begins: what had come in part is told again.
    void begin_session();
    // The last manifest of a run without a gap from 1 that is kept.
    [[nodiscard]] Sequence held(const storage::ChainKey& chain) const;

  private:
    [[nodiscard]] bool is_ours(const storage::ObjectKey& key) const;
    void keep(const std::string& key, const std::string& bytes);
    void queue(const std::string& key, const std::string& bytes);

    Parts parts_;
    storage::Database database_;
    storage::Outbox outbox_;
    mutable std::mutex mutex_;
    std::string key_;  // of the object that is coming
    std::string bytes_;
};

}  // namespace farshore::secondary
