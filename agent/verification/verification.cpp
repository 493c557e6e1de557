#include "agent/verification/verification.hpp"

#include <algorithm>

#include "agent/config/load.hpp"
#include "agent/runtime/sleeper.hpp"
#include "agent/runtime/system_clock.hpp"
#include "agent/verification/chain_check.hpp"
#include "agent/verification/fold_to_mark.hpp"
#include "agent/verification/tree_check.hpp"
#include "agent/verification/witness_check.hpp"
#include "storage/disk/posix_file_system.hpp"
#include "storage/evidence/trust_file.hpp"
#include "storage/objects/directory_store.hpp"
#include "storage/objects/open_store.hpp"

namespace farshore::verification {

namespace {

storage::StoreSettings settings_of(const config::Store& store) {
    return {.url = store.url,
            .region = store.region,
            .endpoint = store.endpoint,
            .ca = store.ca,
            .object_lock = store.object_lock,
            .encryption = store.encryption,
            .path_style = store.path_style};
}

void check_tree(storage::FileSystem& files, storage::ObjectStore& store, const TrustSet& trust,
                const EpochSummary& epoch, const config::Tree& tree, std::optional<MarkNumber> at,
                VerifyReport& report) {
    const FoldedTree folded =
        fold_to_mark(
            store, trust,
            {.chain = {.stream = trust.stream(), .epoch = epoch.epoch, .agent = epoch.primary},
             .tree = tree.name,
             .at = at})
            .take();
    const storage::Handle root = files.open_root(tree.path);
    TreeCheck check(files, root, tree.name, {},
                    [&](Finding finding) { report.add(std::move(finding)); });
    folded.listing->walk("", [&](const FileEntry& entry, bool is_newer) {
        is_newer ? check.ignore(entry.path) : check.expect(entry);
        return true;
    });
    check.finish();
    const std::string place = "mark " + std::to_string(folded.mark.mark.value());
    if (folded.listing->newer() > 0) {
        report.unchecked.push_back(
            {.what = "tree",
             .source = tree.name.str(),
             .why = std::to_string(folded.listing->newer()) + " paths changed again after " +
                    place + " within its manifest: what they were then is in no evidence"});
    }
    report.checked.push_back({.what = "tree",
                              .source = tree.name.str(),
                              .count = check.paths(),
                              .unit = "paths",
                              .bytes = check.bytes(),
                              .place = place});
}

// The newest mark that some secondary says it has applied: what a replica's disk can be held
// against.
std::optional<MarkNumber> newest_applied(const EpochSummary& epoch) {
    std::optional<MarkNumber> newest;
    for (const auto& [name, secondary] : epoch.secondaries) {
        if (!secondary.applied.is_zero() && (!newest || secondary.applied > *newest)) {
            newest = secondary.applied;
        }
    }
    return newest;
}

constexpr const char* no_trees = "where its files are is in a config: name one with --config";
constexpr const char* no_such_tree = "the config has no such tree";

}  // namespace

VerifyReport verify_offline(const OfflineRequest& request, const OnProgress& progress) {
    storage::PosixFileSystem files;
    runtime::SystemClock clock;
    const TrustSet trust =
        storage::parse_trust_file(config::read_small_file(files, request.trust), request.trust);
    const auto store = storage::open_store(settings_of(request.store), files, clock);
    VerifyReport report;
    report.stream = trust.stream().str();
    // The chain is read in any case: what trees are held against comes from it.
    runtime::SystemSleeper sleeper;
    const ChainSummary chain = check_chain(*store, trust, report, progress, nullptr, &sleeper);
    if (!request.witness.empty()) {
        storage::DirectoryStore witness(files, request.witness);
        check_witness(*store, witness, {.stream = trust.stream(), .agent = {}, .still_queued = {}},
                      report);
    }
    if (request.verify.wants_files()) {
        for (const config::Tree& tree : request.trees) {
            const auto& only = request.verify.only_trees;
            if (!only.empty() && std::find(only.begin(), only.end(), tree.name) == only.end()) {
                continue;
            }
            try {
                if (chain.epochs.empty()) {
                    throw Error(ErrorCode::not_found, "the store holds no epoch of this stream");
                }
                const EpochSummary& epoch = chain.epochs.back();
                check_tree(files, *store, trust, epoch, tree,
                           request.verify.at ? request.verify.at : newest_applied(epoch), report);
            } catch (const Error& error) {
                report.unchecked.push_back(
                    {.what = "tree",
                     .source = tree.name.str(),
                     .why = std::string(error.name()) + " " + error.message()});
            }
        }
    }
    for (const SourceName& name : request.verify.only_trees) {
        const auto is_it = [&](const config::Tree& tree) { return tree.name == name; };
        if (std::none_of(request.trees.begin(), request.trees.end(), is_it)) {
            report.unchecked.push_back({.what = "tree",
                                        .source = name.str(),
                                        .why = request.trees.empty() ? no_trees : no_such_tree});
        }
    }
    if (request.verify.files && request.trees.empty()) {
        report.unchecked.push_back({.what = "trees", .source = "", .why = no_trees});
    }
    if (request.verify.databases || !request.verify.only_databases.empty()) {
        report.unchecked.push_back({.what = "databases",
                                    .source = "",
                                    .why = "a database is compared by two running agents"});
    }
    return report;
}

}  // namespace farshore::verification
