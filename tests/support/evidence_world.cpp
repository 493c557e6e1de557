#include "tests/support/evidence_world.hpp"

#include "storage/objects/object_keys.hpp"

namespace farshore::test {

namespace {

FileEntry root_entry() {
    FileEntry root;
    root.path = ".";
    root.type = EntryType::directory;
    root.mark = MarkNumber(1);
    root.mode = 0755;
    return root;
}

}  // namespace

EvidenceWorld::EvidenceWorld(unsigned seed) : random_(seed) {
    const storage::OpenedEpoch epoch =
        storage::open_first_epoch(store, trust, east, east_key(), now);
    manifests.begin_epoch(epoch.record.epoch, epoch.digest);
    receipts.begin_epoch(epoch.record.epoch, epoch.digest);
    entries["."] = root_entry();
    changed_ = entries;
}

FileEntry EvidenceWorld::random_entry(const std::string& path) {
    FileEntry entry;
    entry.path = path;
    entry.mark = last_mark.next();
    entry.mode = static_cast<std::uint32_t>(random_() % 01000);
    entry.mtime = {static_cast<std::int64_t>(random_()), 5};
    if (random_() % 4 == 0) {
        entry.type = EntryType::symlink;
        entry.mode = 0;
        entry.target = "elsewhere";
        return entry;
    }
    entry.size = random_();
    entry.sha256 = sha256(std::to_string(random_()));
    return entry;
}

void EvidenceWorld::change(int count) {
    for (int i = 0; i < count; ++i) {
        const std::string path =
            (random_() % 10 == 0 ? "\xff" : "p") + std::to_string(random_() % 200);
        FileEntry entry = random_entry(path);
        if (random_() % 4 == 0) {
            entry = FileEntry{};
            entry.path = path;
            entry.type = EntryType::deleted;
            entry.mark = last_mark.next();
            entries.erase(path);
        } else {
            entries[path] = entry;
        }
        changed_[path] = entry;
    }
}

Mark EvidenceWorld::current_mark() const {
    Mark mark;
    mark.stream = stream;
    mark.epoch = Epoch(1);
    mark.agent = east;
    mark.mark = last_mark;
    mark.time = now;
    mark.clock_error = Duration{1'000'000};
    mark.complete = true;
    mark.objective = Duration{30'000'000'000};
    TreeMark content;
    content.as_of = now;
    content.swept = now;
    for (const auto& [path, entry] : entries) {
        ++content.entries;
        content.bytes += entry.type == EntryType::file ? entry.size : 0;
        content.digest.add(entry_digest(entry));
    }
    DatabaseMark database;
    database.as_of = now;
    database.system_identifier = "7";
    database.lsn = Lsn(1000 + last_mark.value());
    mark.sources = {{tree, content}, {SourceName("app"), database}};
    return mark;
}

void EvidenceWorld::mark() {
    last_mark = last_mark.next();
    now = now + Duration{1'000'000'000};
    const Mark sealed = current_mark();
    const std::string payload = to_payload(sealed);
    envelopes_.push_back(seal_envelope(payload_type::mark, payload, east_key()));
    storage::Transaction transaction(secondary_);
    receipts.add_received({last_mark, now, Duration{2'000'000}, sha256(payload)},
                          envelopes_.back());
    const auto& content = std::get<TreeMark>(sealed.sources.at(tree));
    receipts.add_applied({last_mark, now, {{tree, content.digest.value()}}});
    transaction.commit();
}

storage::ChangeList EvidenceWorld::list_of(const std::map<std::string, FileEntry>& of) const {
    storage::ChangeListWriter writer;
    for (const auto& [path, entry] : of) {
        writer.add(entry);
    }
    return writer.finish();
}

void EvidenceWorld::write_manifest() {
    storage::ManifestContent content;
    content.marks = envelopes_;
    content.last_cut = CutNumber(last_mark.value());
    if (!changed_.empty()) {
        content.changes.push_back({tree, list_of(changed_)});
    }
    if (manifests.needs_checkpoint(tree, now)) {
        content.checkpoints.push_back({tree, list_of(entries)});
    }
    manifests.write(content, now);
    changed_.clear();
    envelopes_.clear();
}

void EvidenceWorld::write_receipt() {
    (void)receipts.write(east, Duration{300'000}, Duration{900'000}, now);
}

void EvidenceWorld::upload() {
    storage::ObjectStore* const stores[] = {&store};
    for (storage::Outbox* outbox : {&primary_outbox, &secondary_outbox}) {
        while (storage::upload_next(*outbox, stores).uploaded) {
        }
    }
}

void EvidenceWorld::run(int manifests_wanted) {
    for (int i = 0; i < manifests_wanted; ++i) {
        for (int k = 0; k < 3; ++k) {
            change(5);
            mark();
        }
        write_manifest();
        write_receipt();
    }
    upload();
}

std::string EvidenceWorld::manifest_key(std::uint64_t sequence) const {
    return make_key(storage::ManifestKey{{stream, Epoch(1), east}, Sequence(sequence)});
}
std::string EvidenceWorld::receipt_key(std::uint64_t sequence) const {
    return make_key(storage::ReceiptKey{{stream, Epoch(1), west}, Sequence(sequence)});
}
std::string EvidenceWorld::changes_key(std::uint64_t sequence) const {
    return make_key(storage::ChangesKey{{stream, Epoch(1), east}, Sequence(sequence), tree});
}
std::string EvidenceWorld::checkpoint_key(std::uint64_t sequence) const {
    return make_key(storage::CheckpointKey{{stream, Epoch(1), east}, Sequence(sequence), tree});
}

std::string EvidenceWorld::payload(const std::string& key, std::string_view type) const {
    return read_envelope_payload(store.objects.at(key), type).take();
}

void EvidenceWorld::replace(const std::string& object, std::string_view type,
                            const std::string& payload, const SigningKey& key) {
    store.objects[object] = seal_envelope(type, payload, key);
}

}  // namespace farshore::test
