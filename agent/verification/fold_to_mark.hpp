#pragma once
// The listing of a tree at a mark: the last checkpoint, and the changes since.

#include <memory>
#include <optional>

#include "agent/verification/evidence_reader.hpp"
#include "agent/verification/listing_fold.hpp"

namespace farshore::verification {

struct FoldedTree {
    std::unique_ptr<ListingFold> listing;
    Mark mark;
    // False: the mark lies inside a manifest, and paths that changed again before that manifest's
    // end are `newer` in the listing. True: the listing was compared with the mark's digest.
    bool exact = false;
};

struct FoldRequest {
    storage::ChainKey chain;  // of the epoch's primary
    SourceName tree;
    std::optional<MarkNumber> at;  // none: the newest mark in a manifest
};

// Checks each signature, digest and number on its way. Errors: not_found when there is no such mark
// or no checkpoint before it; chain_broken, bad_signature, malformed when the evidence is not
// sound.
[[nodiscard]] Result<FoldedTree> fold_to_mark(storage::ObjectStore& store, const TrustSet& trust,
                                              const FoldRequest& request);

}  // namespace farshore::verification
