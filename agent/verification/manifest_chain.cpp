#include "agent/verification/manifest_chain.hpp"

#include <algorithm>

namespace farshore::verification {

namespace {

const ManifestObject* find(const std::vector<ManifestObject>& objects, const SourceName& tree) {
    const auto found =
        std::find_if(objects.begin(), objects.end(),
                     [&](const ManifestObject& object) { return object.tree == tree; });
    return found == objects.end() ? nullptr : &*found;
}

}  // namespace

RegisteredMark registered(const ReadMark& read) {
    return {read.digest, read.mark.time, read.mark.clock_error};
}

std::string gap_text(const std::string& what, Sequence first, Sequence last) {
    return what + " " + std::to_string(first.value()) +
           (first == last ? "" : " to " + std::to_string(last.value()));
}

void ManifestChain::check(const std::vector<Sequence>& present) {
    Sequence expected(1);
    for (Sequence sequence : present) {
        if (sequence > expected) {
            note_gap(expected, Sequence(sequence.value() - 1));
        }
        check_one({chain_, sequence});
        expected = sequence.next();
    }
}

void ManifestChain::note_gap(Sequence first, Sequence last) {
    context_.report.add({FindingKind::object_missing, "",
                         make_key(storage::ManifestKey{chain_, first}),
                         gap_text("manifest", first, last), "nothing"});
    lose_track();
}

void ManifestChain::lose_track() {
    previous_.reset();
    marks_.expect_gap();
    for (auto& [name, tree] : trees_) {
        tree.lose_track();
    }
}

void ManifestChain::check_one(const storage::ManifestKey& key) {
    const std::string place = make_key(key);
    context_.account(place);
    const Result<ReadManifest> read = read_manifest(context_.store, context_.trust, key);
    if (!read) {
        const FindingKind kind = kind_of(read.error());
        context_.report.add(
            {kind, "", place,
             "manifest " + std::to_string(key.sequence.value()) + " of agent " + chain_.agent.str(),
             read.error().message()});
        lose_track();
        return;
    }
    context_.bytes += read.value().bytes;
    const Manifest& manifest = read.value().manifest;
    if (previous_ && manifest.previous != *previous_) {
        context_.report.add({FindingKind::bad_previous, "", place, previous_->prefixed(),
                             manifest.previous.prefixed()});
    }
    previous_ = read.value().digest;
    check_content(read.value(), place);
}

void ManifestChain::check_content(const ReadManifest& read, const std::string& place) {
    const Manifest& manifest = read.manifest;
    const MarkNumber before = marks_.last();
    const std::optional<Mark> last = check_marks(read, place);
    for (const ManifestObject& object : manifest.changes) {
        check_named(object, make_key(storage::ChangesKey{chain_, manifest.sequence, object.tree}),
                    place);
    }
    for (const ManifestObject& object : manifest.checkpoints) {
        check_named(object,
                    make_key(storage::CheckpointKey{chain_, manifest.sequence, object.tree}),
                    place);
    }
    check_trees(manifest, before, last);
}

std::optional<Mark> ManifestChain::check_marks(const ReadManifest& read, const std::string& place) {
    std::optional<Mark> last;
    std::optional<Timestamp> first;
    bool all_sound = true;
    for (const std::string& envelope : read.manifest.marks) {
        Result<ReadMark> mark = read_mark(envelope, context_.trust, chain_);
        if (!mark) {
            context_.report.add({kind_of(mark.error()), "", place,
                                 "mark " + std::to_string(marks_.last().next().value()),
                                 mark.error().message()});
            marks_.expect_gap();
            all_sound = false;
            continue;
        }
        marks_.add(mark.value().mark, place, context_.report);
        register_.put(mark.value().mark.mark, registered(mark.value()));
        if (context_.observer != nullptr) {
            context_.observer->on_mark(mark.value().mark);
        }
        last = std::move(mark).take().mark;
        first = first ? first : last->time;
    }
    if (last && context_.observer != nullptr) {
        context_.observer->on_record(place, chain_.agent, *first, last->time);
    }
    if (last && !read.signer.is_valid_at(last->time)) {
        context_.report.add({FindingKind::bad_signature, "", place,
                             "a key that is valid at " + to_rfc3339(last->time),
                             read.signer.key.key_id()});
    }
    return all_sound ? last : std::nullopt;
}

void ManifestChain::check_named(const ManifestObject& object, const std::string& expected_key,
                                const std::string& place) {
    if (object.object != expected_key) {
        context_.report.add(
            {FindingKind::bad_order, object.tree.str(), place, expected_key, object.object});
    }
    context_.account(object.object);
}

void ManifestChain::check_trees(const Manifest& manifest, MarkNumber before,
                                const std::optional<Mark>& last) {
    for (const auto* list : {&manifest.changes, &manifest.checkpoints}) {
        for (const ManifestObject& object : *list) {
            trees_.try_emplace(object.tree, context_.store, context_.report);
        }
    }
    for (auto& [name, tree] : trees_) {
        const std::uint64_t bytes_before = tree.bytes_read();
        const ManifestObject* const changes = find(manifest.changes, name);
        const ManifestObject* const checkpoint = find(manifest.checkpoints, name);
        if (last) {
            tree.follow(name, changes, checkpoint, before, *last);
        } else {
            tree.lose_track();
        }
        context_.bytes += tree.bytes_read() - bytes_before;
    }
}

}  // namespace farshore::verification
