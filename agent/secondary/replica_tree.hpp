#pragma once
// One tree on this secondary: its root, and what is staged for it. Shared by the session, which
// stages, and the applier, which puts in place.

#include <atomic>
#include <memory>
#include <mutex>

#include "agent/config/config.hpp"
#include "agent/runtime/random.hpp"
#include "agent/secondary/files/replica_guard.hpp"
#include "agent/secondary/files/retention.hpp"
#include "agent/secondary/files/staging.hpp"

namespace farshore::secondary {

// Invariants: staging() exists exactly when the root was found to be ours; it never goes again, so
// a reference to it stays good.
class ReplicaTree {
  public:
    // `boot_id`: of this host's present boot; empty: not known.
    ReplicaTree(storage::FileSystem& files, const StreamName& stream, const config::Tree& tree,
                std::string boot_id = "");

    // Throws what ReplicaGuard::open and check throw: then nothing of the tree may be touched.
    void require_ours(storage::SecondaryState& state, runtime::Random& random);
    // The same, once it was found ours.
    void check() const { guard_.check(); }

    [[nodiscard]] const SourceName& name() const { return guard_.tree(); }
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] bool is_open() const { return open_; }
    [[nodiscard]] const storage::Handle& root() const { return guard_.root(); }
    [[nodiscard]] Staging& staging() { return *staging_; }
    [[nodiscard]] const RetentionSettings& retention() const { return retention_; }

    // The disk is full: what is retained goes first. For any thread; the applier does it.
    void ask_for_room() { needs_room_ = true; }
    [[nodiscard]] bool take_wish_for_room() { return needs_room_.exchange(false); }

  private:
    storage::FileSystem& files_;
    std::string path_;
    std::string boot_id_;
    ReplicaGuard guard_;
    std::mutex mutex_;
    std::unique_ptr<Staging> staging_;
    RetentionSettings retention_;
    std::atomic<bool> needs_room_{false};
    std::atomic<bool> open_{false};
};

}  // namespace farshore::secondary
