#pragma once
// One tree through an epoch's manifests: its lists are read, folded and compared with the marks.

#include <memory>
#include <optional>

#include "agent/verification/evidence_reader.hpp"
#include "agent/verification/listing_fold.hpp"

namespace farshore::verification {

// Invariants: fold_ is the tree as of the last mark of the manifest before, or is null when that is
// not known: before the first checkpoint, and after a list that could not be read until the next
// one.
class TreeChain {
  public:
    TreeChain(storage::ObjectStore& store, VerifyReport& report) : store_(store), report_(report) {}

    // The manifest names these lists of the tree (null: none) over its marks, which are the ones in
    // (before, last.mark].
    void follow(const SourceName& tree, const ManifestObject* changes,
                const ManifestObject* checkpoint, MarkNumber before, const Mark& last);
    // A manifest is missing: what it changed is not known.
    void lose_track() { fold_.reset(); }

    [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }

  private:
    // False when the list could not be read to its end.
    bool read(const ManifestObject& object, bool is_checkpoint, MarkNumber before, MarkNumber last,
              ListingFold* into);
    void follow_checkpoint(const ManifestObject& checkpoint, MarkNumber last);
    void compare(const SourceName& tree, const std::string& place, const TreeMark& mark);

    storage::ObjectStore& store_;
    VerifyReport& report_;
    std::unique_ptr<ListingFold> fold_;
    std::uint64_t bytes_read_ = 0;
};

}  // namespace farshore::verification
