#include "agent/verification/tree_chain.hpp"

namespace farshore::verification {

namespace {

std::string describe(const ListingTotals& totals) {
    return std::to_string(totals.entries) + " entries, " + std::to_string(totals.bytes) +
           " bytes, " + totals.digest.value().prefixed();
}

}  // namespace

bool TreeChain::read(const ManifestObject& object, bool is_checkpoint, MarkNumber before,
                     MarkNumber last, ListingFold* into) {
    std::optional<Finding> wrong_entry;
    const ListOutcome outcome = read_list(store_, object, [&](const FileEntry& entry) {
        const bool is_in_time =
            entry.mark <= last && (is_checkpoint || entry.mark > before) && !entry.mark.is_zero();
        const bool is_wrong = !is_in_time || (is_checkpoint && entry.type == EntryType::deleted);
        if (is_wrong && !wrong_entry) {
            wrong_entry =
                Finding{FindingKind::bad_order, object.tree.str(), object.object,
                        "entries of marks above " + std::to_string(before.value()) + " up to " +
                            std::to_string(last.value()),
                        "mark " + std::to_string(entry.mark.value()) + " of " + entry.path};
        }
        if (into != nullptr) {
            into->apply(entry);
        }
    });
    bytes_read_ += outcome.bytes;
    if (outcome.finding) {
        report_.add(*outcome.finding);
    }
    if (wrong_entry) {
        report_.add(*wrong_entry);
    }
    return !outcome.finding;
}

void TreeChain::follow_checkpoint(const ManifestObject& checkpoint, MarkNumber last) {
    auto whole = std::make_unique<ListingFold>();
    if (!read(checkpoint, true, MarkNumber(), last, whole.get())) {
        return;
    }
    if (fold_ && fold_->totals() != whole->totals()) {
        report_.add({FindingKind::bad_fold, checkpoint.tree.str(), checkpoint.object,
                     describe(fold_->totals()), describe(whole->totals())});
    }
    fold_ = std::move(whole);
}

void TreeChain::compare(const SourceName& tree, const std::string& place, const TreeMark& mark) {
    const ListingTotals expected{mark.entries, mark.bytes, mark.digest};
    if (fold_->totals() != expected) {
        report_.add({FindingKind::bad_fold, tree.str(), place, describe(expected),
                     describe(fold_->totals())});
        fold_.reset();  // one finding, not one for each mark from here
    }
}

void TreeChain::follow(const SourceName& tree, const ManifestObject* changes,
                       const ManifestObject* checkpoint, MarkNumber before, const Mark& last) {
    if (changes != nullptr && !read(*changes, false, before, last.mark, fold_.get())) {
        fold_.reset();
    }
    if (checkpoint != nullptr) {
        follow_checkpoint(*checkpoint, last.mark);
    }
    const auto source = last.sources.find(tree);
    const TreeMark* const mark =
        source == last.sources.end() ? nullptr : std::get_if<TreeMark>(&source->second);
    if (fold_ && mark != nullptr) {
        compare(tree, "mark " + std::to_string(last.mark.value()), *mark);
    }
}

}  // namespace farshore::verification
