#include "storage/evidence/evidence_tables.hpp"

#include "protocol/error.hpp"

namespace farshore::storage {

namespace {

constexpr std::int64_t format_version = 1;

constexpr const char* schema = R"sql(
CREATE TABLE IF NOT EXISTS evidence_format (version INTEGER NOT NULL);
-- Objects that wait for the store, in the order in which they leave.
CREATE TABLE IF NOT EXISTS evidence_outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,     -- under the store's prefix
    bytes BLOB NOT NULL,
    queued_at INTEGER NOT NULL);  -- nanoseconds of UTC
-- All that was queued up to this time is in the store.
CREATE TABLE IF NOT EXISTS evidence_attested (
    one INTEGER PRIMARY KEY,      -- 1
    until INTEGER NOT NULL);      -- nanoseconds of UTC
-- Where this agent's own chain stands in its newest epoch.
CREATE TABLE IF NOT EXISTS evidence_chain (
    kind TEXT PRIMARY KEY,        -- manifests or receipts
    epoch INTEGER NOT NULL,
    sequence INTEGER NOT NULL,    -- of the newest object, 0 for none
    previous BLOB NOT NULL,       -- digest of its payload, or of the epoch record's
    last_mark INTEGER NOT NULL,   -- the last one that an object tells of
    last_cut INTEGER NOT NULL) WITHOUT ROWID;
-- When each tree had its last checkpoint in this epoch.
CREATE TABLE IF NOT EXISTS evidence_checkpoint (
    tree TEXT PRIMARY KEY,
    sequence INTEGER NOT NULL,
    written_at INTEGER NOT NULL,
    changes_since INTEGER NOT NULL) WITHOUT ROWID;
-- What the next receipts tell of.
CREATE TABLE IF NOT EXISTS evidence_received (
    mark INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    clock_error INTEGER,          -- nanoseconds
    mark_digest BLOB NOT NULL,
    envelope BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS evidence_applied (
    mark INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    sources BLOB NOT NULL);       -- u32 count, then for each: u32 length, name, 32 bytes of digest
INSERT INTO evidence_format (version)
    SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM evidence_format);
)sql";

bool has_tables(Database& database) {
    Statement found(database, "SELECT 1 FROM sqlite_schema WHERE name = 'evidence_attested'");
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
