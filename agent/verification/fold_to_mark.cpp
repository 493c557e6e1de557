#include "agent/verification/fold_to_mark.hpp"

#include <algorithm>

namespace farshore::verification {

namespace {

class MarkFold {
  public:
    MarkFold(storage::ObjectStore& store, const TrustSet& trust, const FoldRequest& request)
        : store_(store), trust_(trust), request_(request) {}

    FoldedTree run() {
        const std::vector<Sequence> run = find_run();
        folded_.listing = std::make_unique<ListingFold>();
        for (Sequence sequence : run) {
            fold_manifest(read(sequence), sequence == run.front(), sequence == run.back());
        }
        if (folded_.exact) {
            compare();
        }
        return std::move(folded_);
    }

  private:
    // Which manifests: from the one with the checkpoint to the one with the mark.
    [[nodiscard]] std::vector<Sequence> find_run();
    [[nodiscard]] Sequence newest_sequence();
    void fold_manifest(const Manifest& manifest, bool is_first, bool is_last);
    void compare() const;

    // Throws when it is not there or not sound; checks that neighbours name each other.
    [[nodiscard]] Manifest read(Sequence sequence) {
        return read_manifest(store_, trust_, {request_.chain, sequence}).take().manifest;
    }
    [[nodiscard]] Mark mark_of(const std::string& envelope) {
        return read_mark(envelope, trust_, request_.chain).take().mark;
    }
    [[nodiscard]] const ManifestObject* of_tree(const std::vector<ManifestObject>& objects) const {
        const auto found = std::find_if(
            objects.begin(), objects.end(),
            [&](const ManifestObject& object) { return object.tree == request_.tree; });
        return found == objects.end() ? nullptr : &*found;
    }
    void read_entries(const ManifestObject& object, MarkNumber at) {
        const ListOutcome outcome = read_list(store_, object, [&](const FileEntry& entry) {
            if (entry.mark <= at) {
                folded_.listing->apply(entry);
            } else {
                folded_.listing->set_newer(entry);
            }
        });
        if (outcome.finding) {
            throw Error(ErrorCode::chain_broken, outcome.finding->place + ": expected " +
                                                     outcome.finding->expected + ", found " +
                                                     outcome.finding->found);
        }
    }

    storage::ObjectStore& store_;
    const TrustSet& trust_;
    const FoldRequest& request_;
    FoldedTree folded_;
};

Sequence MarkFold::newest_sequence() {
    Sequence newest;
    for (const std::string& text : store_.list(storage::manifests_prefix(request_.chain))) {
        const std::optional<storage::ObjectKey> key = storage::parse_key(text);
        const auto* manifest = key ? std::get_if<storage::ManifestKey>(&*key) : nullptr;
        if (manifest != nullptr) {
            newest = std::max(newest, manifest->sequence);
        }
    }
    return newest;
}

std::vector<Sequence> MarkFold::find_run() {
    std::vector<Sequence> run;
    std::optional<Digest> named;  // what the manifest after this one calls its previous
    for (std::uint64_t number = newest_sequence().value(); number > 0; --number) {
        const ReadManifest found =
            read_manifest(store_, trust_, {request_.chain, Sequence(number)}).take();
        if (named && found.digest != *named) {
            throw Error(ErrorCode::chain_broken, "manifest " + std::to_string(number) +
                                                     " is not the one that the next one names");
        }
        named = found.manifest.previous;
        if (found.manifest.marks.empty()) {
            throw Error(ErrorCode::chain_broken,
                        "manifest " + std::to_string(number) + " holds no mark");
        }
        const MarkNumber first = mark_of(found.manifest.marks.front()).mark;
        const MarkNumber last = mark_of(found.manifest.marks.back()).mark;
        if (run.empty() && request_.at && *request_.at > last) {
            break;
        }
        if (run.empty() && request_.at && *request_.at < first) {
            continue;
        }
        run.push_back(Sequence(number));
        const bool is_whole = !request_.at || *request_.at >= last;
        if (is_whole && of_tree(found.manifest.checkpoints) != nullptr) {
            std::reverse(run.begin(), run.end());
            return run;
        }
    }
    throw Error(ErrorCode::not_found, run.empty() ? "the mark is in no manifest of epoch " +
                                                        std::to_string(request_.chain.epoch.value())
                                                  : "no checkpoint of tree " + request_.tree.str() +
                                                        " at or before the mark");
}

void MarkFold::fold_manifest(const Manifest& manifest, bool is_first, bool is_last) {
    const MarkNumber last = mark_of(manifest.marks.back()).mark;
    const MarkNumber at = is_last && request_.at ? *request_.at : last;
    const ManifestObject* const checkpoint = of_tree(manifest.checkpoints);
    const ManifestObject* const changes = of_tree(manifest.changes);
    if (is_first) {
        FARSHORE_ASSERT(checkpoint != nullptr);
        read_entries(*checkpoint, at);
    } else if (changes != nullptr) {
        read_entries(*changes, at);
    }
    if (!is_last) {
        return;
    }
    for (const std::string& envelope : manifest.marks) {
        Mark mark = mark_of(envelope);
        if (mark.mark == at) {
            folded_.mark = std::move(mark);
        }
    }
    if (folded_.mark.mark != at) {
        throw Error(ErrorCode::chain_broken, "manifest " +
                                                 std::to_string(manifest.sequence.value()) +
                                                 " lacks a mark between its first and its last");
    }
    folded_.exact = folded_.listing->newer() == 0;
}

void MarkFold::compare() const {
    const auto source = folded_.mark.sources.find(request_.tree);
    const TreeMark* const tree =
        source == folded_.mark.sources.end() ? nullptr : std::get_if<TreeMark>(&source->second);
    const ListingTotals& totals = folded_.listing->totals();
    if (tree == nullptr || totals != ListingTotals{tree->entries, tree->bytes, tree->digest}) {
        throw Error(ErrorCode::chain_broken, "the listing of tree " + request_.tree.str() +
                                                 " does not fold to mark " +
                                                 std::to_string(folded_.mark.mark.value()) + ": " +
                                                 std::to_string(totals.entries) + " entries, " +
                                                 totals.digest.value().prefixed());
    }
}

}  // namespace

Result<FoldedTree> fold_to_mark(storage::ObjectStore& store, const TrustSet& trust,
                                const FoldRequest& request) {
    try {
        return MarkFold(store, trust, request).run();
    } catch (const Error& error) {
        const bool is_about_evidence = error.action() != Action::retry &&
                                       error.code() != ErrorCode::store_refused &&
                                       error.code() != ErrorCode::internal;
        if (!is_about_evidence) {
            throw;
        }
        return error;
    }
}

}  // namespace farshore::verification
