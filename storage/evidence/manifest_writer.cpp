#include "storage/evidence/manifest_writer.hpp"

#include "protocol/mark.hpp"
#include "storage/objects/object_keys.hpp"

namespace farshore::storage {

namespace {

constexpr Duration checkpoint_age{24LL * 3'600 * 1'000'000'000};
constexpr std::uint64_t checkpoint_changes = 10'000'000;

ManifestObject named(const TreeList& list, const ObjectKey& key) {
    return {list.tree, make_key(key), list.list.digest, list.list.count};
}

}  // namespace

ManifestWriter::ManifestWriter(Database& database, StreamName stream, AgentName agent,
                               SigningKey key)
    : database_(database),
      outbox_(database),
      stream_(std::move(stream)),
      agent_(std::move(agent)),
      key_(std::move(key)) {}

void ManifestWriter::begin_epoch(Epoch epoch, const Digest& record) {
    Transaction transaction(database_);
    if (begin_chain(database_, ChainKind::manifests, epoch, record)) {
        database_.execute("DELETE FROM evidence_checkpoint");
    }
    transaction.commit();
}

std::optional<ChainStanding> ManifestWriter::standing() {
    return read_standing(database_, ChainKind::manifests);
}

bool ManifestWriter::needs_checkpoint(const SourceName& tree, Timestamp now) {
    Statement row(database_,
                  "SELECT written_at, changes_since FROM evidence_checkpoint WHERE tree = ?1");
    row.bind_text(1, tree.str());
    if (!row.step()) {
        return true;
    }
    return now - Timestamp{row.integer(0)} >= checkpoint_age ||
           row.unsigned_integer(1) >= checkpoint_changes;
}

void ManifestWriter::renew_checkpoint(const SourceName& tree) {
    Statement(database_, "DELETE FROM evidence_checkpoint WHERE tree = ?1")
        .bind_text(1, tree.str())
        .run();
}

MarkNumber ManifestWriter::check_marks(const ManifestContent& content,
                                       const ChainStanding& standing) const {
    MarkNumber last = standing.last_mark;
    for (const std::string& envelope : content.marks) {
        const Mark mark =
            parse_mark(read_envelope_payload(envelope, payload_type::mark).take()).take();
        if (mark.mark != last.next() || mark.epoch != standing.epoch || mark.stream != stream_ ||
            mark.agent != agent_) {
            throw Error(ErrorCode::chain_broken,
                        "manifest: mark " + std::to_string(mark.mark.value()) + " of agent " +
                            mark.agent.str() + " can't follow mark " +
                            std::to_string(last.value()) + " of this agent's epoch");
        }
        last = mark.mark;
    }
    if (last == standing.last_mark) {
        throw Error(ErrorCode::internal, "manifest: without marks");
    }
    return last;
}

void ManifestWriter::note_lists(const ManifestContent& content, Sequence sequence, Timestamp now) {
    Statement add(database_,
                  "UPDATE evidence_checkpoint SET changes_since = changes_since + ?2 "
                  "WHERE tree = ?1");
    for (const TreeList& changes : content.changes) {
        add.bind_text(1, changes.tree.str()).bind(2, changes.list.count);
        add.run();
    }
    Statement put(database_,
                  "INSERT OR REPLACE INTO evidence_checkpoint "
                  "(tree, sequence, written_at, changes_since) VALUES (?1, ?2, ?3, 0)");
    for (const TreeList& checkpoint : content.checkpoints) {
        put.bind_text(1, checkpoint.tree.str()).bind(2, sequence.value()).bind(3, now.nanoseconds);
        put.run();
    }
}

Sequence ManifestWriter::write(const ManifestContent& content, Timestamp now) {
    Transaction transaction(database_);
    std::optional<ChainStanding> standing = this->standing();
    FARSHORE_ASSERT(standing.has_value());  // begin_epoch() comes first
    Manifest manifest;
    manifest.stream = stream_;
    manifest.epoch = standing->epoch;
    manifest.agent = agent_;
    manifest.sequence = standing->sequence.next();
    manifest.previous = standing->previous;
    manifest.marks = content.marks;
    standing->last_mark = check_marks(content, *standing);
    const ChainKey chain{stream_, standing->epoch, agent_};
    for (const TreeList& changes : content.changes) {
        manifest.changes.push_back(
            named(changes, ChangesKey{chain, manifest.sequence, changes.tree}));
        outbox_.enqueue(manifest.changes.back().object, changes.list.bytes, now);
    }
    for (const TreeList& checkpoint : content.checkpoints) {
        manifest.checkpoints.push_back(
            named(checkpoint, CheckpointKey{chain, manifest.sequence, checkpoint.tree}));
        outbox_.enqueue(manifest.checkpoints.back().object, checkpoint.list.bytes, now);
    }
    const std::string payload = to_payload(manifest);
    outbox_.enqueue(make_key(ManifestKey{chain, manifest.sequence}),
                    seal_envelope(payload_type::manifest, payload, key_), now);
    note_lists(content, manifest.sequence, now);
    standing->sequence = manifest.sequence;
    standing->previous = sha256(payload);
    standing->last_cut = content.last_cut;
    write_standing(database_, ChainKind::manifests, *standing);
    transaction.commit();
    return manifest.sequence;
}

}  // namespace farshore::storage
