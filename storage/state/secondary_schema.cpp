#include "storage/state/secondary_schema.hpp"

#include <array>
#include <string>

namespace farshore::storage {

namespace {

constexpr const char* version_1 = R"(
CREATE TABLE secondary_trees (
    tree TEXT PRIMARY KEY,
    marker TEXT,                  -- id in the marker of the replica's root
    filesystem INTEGER,           -- of the root, as last seen
    inode INTEGER,
    entries INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    digest BLOB NOT NULL          -- the tree's digest, of secondary_entries
) WITHOUT ROWID;

CREATE TABLE secondary_entries (  -- what is on the replica's disk, as of the applied cut
    tree TEXT NOT NULL,
    path BLOB NOT NULL,
    entry BLOB NOT NULL,          -- FileEntry
    sha256 BLOB,                  -- of files
    link TEXT,                    -- of hard links
    inode INTEGER NOT NULL,       -- what the kernel said when it was put there
    ctime_seconds INTEGER NOT NULL,
    ctime_nanoseconds INTEGER NOT NULL,
    PRIMARY KEY (tree, path)
) WITHOUT ROWID;
CREATE INDEX secondary_entries_sha256 ON secondary_entries (tree, sha256)
    WHERE sha256 IS NOT NULL;
CREATE INDEX secondary_entries_link ON secondary_entries (tree, link) WHERE link IS NOT NULL;

CREATE TABLE secondary_incoming ( -- of cuts that are received, and of the one that is being told
    cut INTEGER NOT NULL,
    tree TEXT NOT NULL,
    path BLOB NOT NULL,
    entry BLOB NOT NULL,          -- FileEntry, tombstones too
    sha256 BLOB,
    link TEXT,
    PRIMARY KEY (cut, tree, path)
) WITHOUT ROWID;
CREATE INDEX secondary_incoming_sha256 ON secondary_incoming (tree, sha256, cut, path)
    WHERE sha256 IS NOT NULL;
CREATE INDEX secondary_incoming_link ON secondary_incoming (cut, tree, link, path)
    WHERE link IS NOT NULL;

CREATE TABLE secondary_cuts (     -- received and not yet applied
    cut INTEGER PRIMARY KEY,
    base INTEGER NOT NULL,
    is_mark INTEGER NOT NULL,
    as_of BLOB NOT NULL           -- source, or "" for the mark -> CLOCK_BOOTTIME of the primary
);

CREATE TABLE secondary_cut_databases (
    cut INTEGER NOT NULL,
    name TEXT NOT NULL,
    lsn INTEGER NOT NULL,
    segment INTEGER NOT NULL,     -- in the spool, behind the last transaction up to lsn
    offset INTEGER NOT NULL,
    PRIMARY KEY (cut, name)
) WITHOUT ROWID;

CREATE TABLE secondary_databases (
    name TEXT PRIMARY KEY,
    copied INTEGER NOT NULL,
    system_identifier TEXT NOT NULL,
    timeline INTEGER NOT NULL,
    received_lsn INTEGER NOT NULL,
    received_segment INTEGER NOT NULL,
    received_offset INTEGER NOT NULL,
    applied_lsn INTEGER NOT NULL,
    applied_segment INTEGER NOT NULL,
    applied_offset INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE secondary_marks (    -- kept until the receipts that tell of them are made
    mark INTEGER PRIMARY KEY,
    cut INTEGER NOT NULL,         -- the cut in which it came
    is_cut INTEGER NOT NULL,      -- it describes that very cut
    envelope BLOB NOT NULL,
    digest BLOB NOT NULL,         -- SHA-256 of its payload
    received_at INTEGER NOT NULL, -- UTC, nanoseconds
    received_error INTEGER,       -- of the clock, nanoseconds
    applied_at INTEGER,
    applied_error INTEGER,
    sources BLOB                  -- source -> digest as applied, where is_cut
);
CREATE INDEX secondary_marks_cut ON secondary_marks (cut);
)";

constexpr const char* version_2 = R"(
CREATE TABLE secondary_retained ( -- what was removed or replaced and is kept for a while
    number INTEGER PRIMARY KEY,   -- rising in the order of applying
    tree TEXT NOT NULL,
    path BLOB NOT NULL,
    at INTEGER NOT NULL,          -- UTC of this host when that was applied, nanoseconds
    replaced INTEGER NOT NULL,    -- 0: deleted; 1: another version took its place
    name TEXT,                    -- of its content in the retention folder; NULL: it has none
    entry BLOB NOT NULL,          -- FileEntry as it was
    sha256 BLOB                   -- of files
);
CREATE INDEX secondary_retained_path ON secondary_retained (tree, path, at);
CREATE INDEX secondary_retained_order ON secondary_retained (tree, number);
CREATE INDEX secondary_retained_sha256 ON secondary_retained (tree, sha256)
    WHERE sha256 IS NOT NULL;

CREATE TABLE secondary_retention (  -- sums of secondary_retained
    tree TEXT PRIMARY KEY,
    entries INTEGER NOT NULL,
    bytes INTEGER NOT NULL        -- of the contents in the retention folder
) WITHOUT ROWID;
)";

// Told with the cut: values of sequences.
constexpr const char* version_3 = R"(
ALTER TABLE secondary_cut_databases ADD COLUMN sequences BLOB NOT NULL DEFAULT x'';
)";

constexpr const char* version_4 = R"(
ALTER TABLE secondary_databases ADD COLUMN
    whole_lsn INTEGER NOT NULL DEFAULT 0;  -- before it the tables are not all as of one moment
)";

constexpr std::array<const char*, 4> versions{version_1, version_2, version_3, version_4};

}  // namespace

void prepare_secondary_tables(Database& database) {
    Transaction transaction(database);
    database.execute(
        "CREATE TABLE IF NOT EXISTS secondary_facts "
        "(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID");
    std::size_t found = 0;
    {
        Statement ask(database, "SELECT value FROM secondary_facts WHERE name = 'schema'");
        if (ask.step()) {
            found = ask.unsigned_integer(0);
        }
    }
    if (found > versions.size()) {
        throw Error(ErrorCode::bad_version, database.path() + " is of a later farshore");
    }
    if (found == versions.size()) {
        return;
    }
    for (std::size_t i = found; i < versions.size(); ++i) {
        database.execute(versions[i]);
    }
    Statement(database, "INSERT OR REPLACE INTO secondary_facts VALUES ('schema', ?)")
        .bind(1, static_cast<std::uint64_t>(versions.size()))
        .run();
    transaction.commit();
}

}  // namespace farshore::storage
