#pragma once
// Whether a directory may be written to as the replica of a tree: empty, or ours and still the one
// we know.

#include <functional>
#include <string>

#include "protocol/identifiers.hpp"
#include "storage/disk/file_system.hpp"
#include "storage/disk/tree_marker.hpp"
#include "storage/state/secondary_state.hpp"

namespace farshore::secondary {

// Invariants: nothing beneath the root is touched before open() has returned; root() is the
// directory that the state database remembers.
class ReplicaGuard {
  public:
    struct Wanted {
        StreamName stream;
        SourceName tree;
        std::string path;    // absolute
        bool adopt = false;  // take over what is there
    };
    // 32 random hex digits for a new marker.
    using NewId = std::function<std::string()>;

    ReplicaGuard(storage::FileSystem& files, Wanted wanted);

    // Throws replica_not_empty for a directory that holds something and bears no marker, or
    // another's; root_changed when the one that is remembered is not there (wait, and call again);
    // not_found when there is no such directory. A root that is taken bears our marker afterwards
    // and is remembered.
    void open(storage::SecondaryState& state, const NewId& new_id);
    // Throws what open() would, as far as that can be told without the state; changes nothing.
    void probe() const;
    // Throws root_changed when the path now leads elsewhere. To be asked before each cut is staged
    // or applied.
    void check() const;

    [[nodiscard]] const storage::Handle& root() const { return root_; }
    [[nodiscard]] const SourceName& tree() const { return wanted_.tree; }

  private:
    [[nodiscard]] bool is_empty(const storage::Handle& root) const;
    void require_free(const storage::Handle& root) const;
    void take_unmarked(storage::SecondaryState& state, const storage::Handle& root,
                       const NewId& new_id) const;
    void require_ours(const storage::TreeMarker& marker) const;
    void require_known(const storage::KnownRoot& known, const storage::KnownRoot& found) const;
    [[nodiscard]] std::string how_to_put_back(const std::string& marker_id) const;
    [[noreturn]] void changed(const std::string& how) const;

    storage::FileSystem& files_;
    Wanted wanted_;
    storage::Handle root_;
    std::string marker_id_;  // of root_
};

}  // namespace farshore::secondary
