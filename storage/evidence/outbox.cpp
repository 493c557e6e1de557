#include "storage/evidence/outbox.hpp"

#include "protocol/limits.hpp"
#include "storage/evidence/evidence_tables.hpp"

namespace farshore::storage {

Outbox::Outbox(Database& database) : database_(database) {
    make_evidence_tables(database);
}

void Outbox::enqueue(const std::string& key, std::string_view bytes, Timestamp now) {
    if (bytes.size() > limits::evidence_object) {
        throw Error(ErrorCode::too_large, "cannot queue " + key + ": over the limit of an object");
    }
    Statement queued(database_, "SELECT bytes FROM evidence_outbox WHERE key = ?1");
    queued.bind_text(1, key);
    if (queued.step()) {
        if (queued.bytes(0) != bytes) {
            throw Error(ErrorCode::chain_broken,
                        "cannot queue " + key + ": it is queued with other bytes");
        }
        return;
    }
    Statement insert(database_,
                     "INSERT INTO evidence_outbox (key, bytes, queued_at) VALUES (?1, ?2, ?3)");
    insert.bind_text(1, key).bind_blob(2, bytes).bind(3, now.nanoseconds);
    insert.run();
}

std::optional<OutboxItem> Outbox::next() {
    Statement oldest(database_,
                     "SELECT number, key, bytes, queued_at FROM evidence_outbox "
                     "ORDER BY number LIMIT 1");
    if (!oldest.step()) {
        return std::nullopt;
    }
    return OutboxItem{oldest.integer(0), std::string(oldest.bytes(1)), std::string(oldest.bytes(2)),
                      Timestamp{oldest.integer(3)}};
}

void Outbox::done(const OutboxItem& item) {
    Transaction transaction(database_);
    Statement remove(database_, "DELETE FROM evidence_outbox WHERE number = ?1");
    remove.bind(1, item.number);
    remove.run();
    // A manifest and what it names are queued at one time, and leave one by one.
    Statement attest(database_,
                     "INSERT OR REPLACE INTO evidence_attested (one, until) SELECT 1, ?1 WHERE NOT "
                     "EXISTS (SELECT 1 FROM evidence_outbox WHERE queued_at <= ?1)");
    attest.bind(1, item.queued_at.nanoseconds);
    attest.run();
    transaction.commit();
}

std::set<std::string> Outbox::keys() {
    Statement each(database_, "SELECT key FROM evidence_outbox");
    std::set<std::string> keys;
    while (each.step()) {
        keys.emplace(each.bytes(0));
    }
    return keys;
}

OutboxFigures Outbox::figures() {
    Statement sum(database_,
                  "SELECT count(*), coalesce(sum(length(bytes)), 0), min(queued_at), "
                  "(SELECT until FROM evidence_attested) FROM evidence_outbox");
    sum.step();
    OutboxFigures figures;
    figures.queued = sum.unsigned_integer(0);
    figures.bytes = sum.unsigned_integer(1);
    if (!sum.is_null(2)) {
        figures.oldest = Timestamp{sum.integer(2)};
    }
    if (!sum.is_null(3)) {
        figures.attested = Timestamp{sum.integer(3)};
    }
    return figures;
}

}  // namespace farshore::storage
