#include "storage/evidence/receipt_writer.hpp"

#include "protocol/bytes.hpp"
#include "storage/objects/object_keys.hpp"

namespace farshore::storage {

namespace {

std::string_view raw(const Digest& digest) {
    return {reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()};
}

std::string encode_sources(const std::map<SourceName, Digest>& sources) {
    ByteWriter out;
    out.u32(static_cast<std::uint32_t>(sources.size()));
    for (const auto& [name, digest] : sources) {
        out.bytes(name.str()).raw(raw(digest));
    }
    return out.take();
}

std::map<SourceName, Digest> decode_sources(std::string_view bytes) {
    ByteReader in(bytes);
    std::map<SourceName, Digest> sources;
    const std::uint32_t count = in.count(4);
    for (std::uint32_t i = 0; i < count; ++i) {
        const SourceName name{std::string(in.bytes(limits::text))};
        Digest digest;
        const std::string_view value = in.raw(digest.bytes.size());
        std::copy(value.begin(), value.end(), digest.bytes.begin());
        sources.emplace(name, digest);
    }
    in.finish();
    return sources;
}

}  // namespace

ReceiptWriter::ReceiptWriter(Database& database, StreamName stream, AgentName agent, SigningKey key)
    : database_(database),
      outbox_(database),
      stream_(std::move(stream)),
      agent_(std::move(agent)),
      key_(std::move(key)) {}

void ReceiptWriter::begin_epoch(Epoch epoch, const Digest& record) {
    Transaction transaction(database_);
    if (begin_chain(database_, ChainKind::receipts, epoch, record)) {
        Statement left(database_,
                       "SELECT (SELECT count(*) FROM evidence_received) + "
                       "(SELECT count(*) FROM evidence_applied)");
        left.step();
        FARSHORE_ASSERT(left.integer(0) == 0);
    }
    transaction.commit();
}

std::optional<ChainStanding> ReceiptWriter::standing() {
    return read_standing(database_, ChainKind::receipts);
}

void ReceiptWriter::add_received(const ReceivedMark& mark, std::string_view envelope) {
    const std::optional<ChainStanding> standing = this->standing();
    if (standing && mark.mark <= standing->last_mark) {
        return;  // a receipt has said it
    }
    Statement insert(database_,
                     "INSERT OR IGNORE INTO evidence_received "
                     "(mark, at, clock_error, mark_digest, envelope) VALUES (?1, ?2, ?3, ?4, ?5)");
    insert.bind(1, mark.mark.value()).bind(2, mark.at.nanoseconds).bind(4, mark.mark_digest);
    if (mark.clock_error) {
        insert.bind(3, mark.clock_error->nanoseconds);
    } else {
        insert.bind_null(3);
    }
    insert.bind_blob(5, envelope);
    insert.run();
}

void ReceiptWriter::add_applied(const AppliedMark& mark) {
    const std::string sources = encode_sources(mark.sources);
    Statement insert(database_,
                     "INSERT OR IGNORE INTO evidence_applied (mark, at, sources) "
                     "VALUES (?1, ?2, ?3)");
    insert.bind(1, mark.mark.value()).bind(2, mark.at.nanoseconds).bind_blob(3, sources);
    insert.run();
}

void ReceiptWriter::take_received(Receipt& receipt) {
    Statement rows(database_,
                   "SELECT mark, at, clock_error, mark_digest, envelope FROM evidence_received "
                   "ORDER BY mark LIMIT ?1");
    rows.bind(1, std::uint64_t{greatest_marks});
    std::size_t bytes = 0;
    while (bytes < greatest_mark_bytes && rows.step()) {
        ReceivedMark mark;
        mark.mark = MarkNumber(rows.unsigned_integer(0));
        mark.at = Timestamp{rows.integer(1)};
        if (!rows.is_null(2)) {
            mark.clock_error = Duration{rows.integer(2)};
        }
        mark.mark_digest = rows.digest(3);
        receipt.received.push_back(mark);
        receipt.marks.emplace_back(rows.bytes(4));
        bytes += receipt.marks.back().size();
    }
}

// Not beyond `received`, which this receipt or one before says: a mark can be received and applied
// between the two looks at the state, and is then told with the next receipt.
void ReceiptWriter::take_applied(Receipt& receipt, MarkNumber received) {
    Statement rows(database_,
                   "SELECT mark, at, sources FROM evidence_applied WHERE mark <= ?1 "
                   "ORDER BY mark LIMIT ?2");
    rows.bind(1, received.value()).bind(2, std::uint64_t{greatest_marks});
    while (rows.step()) {
        AppliedMark mark;
        mark.mark = MarkNumber(rows.unsigned_integer(0));
        mark.at = Timestamp{rows.integer(1)};
        mark.sources = decode_sources(rows.bytes(2));
        receipt.applied.push_back(std::move(mark));
    }
}

void ReceiptWriter::forget(const Receipt& receipt) {
    if (!receipt.received.empty()) {
        Statement remove(database_, "DELETE FROM evidence_received WHERE mark <= ?1");
        remove.bind(1, receipt.received.back().mark.value());
        remove.run();
    }
    if (!receipt.applied.empty()) {
        Statement remove(database_, "DELETE FROM evidence_applied WHERE mark <= ?1");
        remove.bind(1, receipt.applied.back().mark.value());
        remove.run();
    }
}

std::optional<Sequence> ReceiptWriter::write(const AgentName& primary,
                                             std::optional<Duration> offset,
                                             std::optional<Duration> offset_error, Timestamp now) {
    Transaction transaction(database_);
    std::optional<ChainStanding> standing = this->standing();
    FARSHORE_ASSERT(standing.has_value());  // begin_epoch() comes first
    Receipt receipt;
    receipt.stream = stream_;
    receipt.epoch = standing->epoch;
    receipt.agent = agent_;
    receipt.primary = primary;
    receipt.sequence = standing->sequence.next();
    receipt.previous = standing->previous;
    receipt.offset = offset;
    receipt.offset_error = offset_error;
    take_received(receipt);
    if (!receipt.received.empty()) {
        standing->last_mark = receipt.received.back().mark;
    }
    take_applied(receipt, standing->last_mark);
    if (receipt.received.empty() && receipt.applied.empty()) {
        return std::nullopt;
    }
    const std::string payload = to_payload(receipt);
    const ChainKey chain{stream_, standing->epoch, agent_};
    outbox_.enqueue(make_key(ReceiptKey{chain, receipt.sequence}),
                    seal_envelope(payload_type::receipt, payload, key_), now);
    forget(receipt);
    standing->sequence = receipt.sequence;
    standing->previous = sha256(payload);
    write_standing(database_, ChainKind::receipts, *standing);
    transaction.commit();
    return receipt.sequence;
}

}  // namespace farshore::storage
