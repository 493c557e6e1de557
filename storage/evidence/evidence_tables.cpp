#include "storage/evidence/evidence_tables.hpp"

#include "protocol/error.hpp"

namespace farshore::storage {

namespace {

constexpr std::int64_t format_version = 1;

// evidence_chain: where an agent's chain of manifests or receipts stands in its newest epoch.
constexpr const char* schema = R"sql(
CREATE TABLE IF NOT EXISTS evidence_format (version INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS evidence_outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    bytes BLOB NOT NULL,
    queued_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS evidence_chain (
    kind TEXT PRIMARY KEY,
    epoch INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    previous BLOB NOT NULL,
    last_mark INTEGER NOT NULL,
    last_cut INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS evidence_checkpoint (
    tree TEXT PRIMARY KEY,
    sequence INTEGER NOT NULL,
    written_at INTEGER NOT NULL,
    changes_since INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS evidence_received (
    mark INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    clock_error INTEGER,
    mark_digest BLOB NOT NULL,
    envelope BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS evidence_applied (
    mark INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    sources BLOB NOT NULL);
INSERT INTO evidence_format (version)
    SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM evidence_format);
)sql";

bool has_tables(Database& database) {
    Statement found(database, "SELECT 1 FROM sqlite_schema WHERE name = 'evidence_format'");
    return found.step();
}

}  // namespace

void make_evidence_tables(Database& database) {
    if (!has_tables(database)) {
        Transaction transaction(database);
        database.execute(schema);
        transaction.commit();
    }
    Statement version(database, "SELECT version FROM evidence_format");
    if (!version.step() || version.integer(0) != format_version) {
        throw Error(ErrorCode::bad_version,
                    "the evidence tables in the state are of a version that this build does not "
                    "know");
    }
}

}  // namespace farshore::storage
