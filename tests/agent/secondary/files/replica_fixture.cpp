#include "tests/agent/secondary/files/replica_fixture.hpp"

#include <sys/stat.h>

#include "agent/secondary/files/missing_content.hpp"
#include "agent/secondary/files/tree_applier.hpp"
#include "storage/disk/posix_file_system.hpp"
#include "storage/disk/tree_paths.hpp"
#include "storage/state/secondary_state.hpp"
#include "tests/support/tree_listing.hpp"

namespace farshore::secondary {

const SourceName replica_tree("uploads");

Replica::Replica(const std::string& directory) : directory_(directory) {
    ::mkdir(source().c_str(), 0755);
    ::mkdir(root().c_str(), 0755);
}

Replica::Cut Replica::take_cut() {
    std::vector<FileEntry> listed = test::listing_of(source());
    Cut cut{++cuts_, test::changes_between(told_, listed)};
    told_ = std::move(listed);
    return cut;
}

void Replica::receive(storage::FileSystem& files, const Cut& cut) {
    storage::SecondaryState state(this->state());
    const CutNumber number(cut.number);
    if (state.standing().received_cut >= number) {
        return;
    }
    const storage::Handle root = files.open_root(this->root());
    state.index().discard_incoming_above(state.standing().received_cut);
    Staging staging(files, root, [&](const Digest& sha256) {
        return state.index().needs(replica_tree, sha256);
    });
    staging.begin_cut();
    state.index().add_incoming(number, replica_tree, cut.entries);
    MissingContent missing(files, root, staging, state.index(), replica_tree);
    const auto send = [&](const std::vector<WantedContent>& items) {
        for (const WantedContent& item : items) {
            staging.put_whole(item.sha256, test::read_whole(source() + "/" + item.path));
            ++sent_;
        }
    };
    missing.find(number, send);
    FARSHORE_ASSERT(missing.find(number, [](auto&&) {}) == 0);
    staging.sync();
    storage::ReceivedCut received;
    received.cut = number;
    received.base = state.standing().received_cut;
    state.commit_received(received, {});
}

ApplyReport Replica::apply(storage::FileSystem& files) {
    storage::SecondaryState state(this->state());
    const storage::Handle root = files.open_root(this->root());
    const auto needed = [&](const Digest& sha256) {
        return state.index().needs(replica_tree, sha256);
    };
    Staging staging(files, root, needed);
    Retention retention(files, root, state.index(), replica_tree, keep);
    TreeApplier applier(files, root, staging, state.index(), replica_tree, &retention);
    while (const auto cut = state.next_to_apply()) {
        retention.begin(Epoch(1), cut->cut, now);
        applier.apply_files(cut->cut);
        applier.apply_removals(cut->cut);
        applier.sync();
        applier.settle(cut->cut);
        state.commit_applied(cut->cut, {}, {});
        staging.release_unneeded(needed);
    }
    return applier.report();
}

ApplyReport Replica::carry() {
    storage::PosixFileSystem files;
    receive(files, take_cut());
    return apply(files);
}

std::vector<std::string> Replica::staged_names() const {
    storage::PosixFileSystem files;
    const storage::Handle root = files.open_root(this->root());
    std::vector<std::string> names;
    for (auto& item : files.list(files.open_directory(root, storage::tree_paths::staging))) {
        names.push_back(std::move(item.name));
    }
    return names;
}

}  // namespace farshore::secondary
