#pragma once
// The tables of the primary's state, as numbered migrations (ON_DISK.md).

#include <array>

namespace farshore::storage {

constexpr const char* primary_schema_1 = R"(
CREATE TABLE primary_standing (
    one INTEGER PRIMARY KEY CHECK (one = 1),  -- a single row
    epoch INTEGER NOT NULL,                   -- of the epoch that the numbers below count in
    cut INTEGER NOT NULL,                     -- the newest committed cut
    mark INTEGER NOT NULL                     -- the newest sealed mark
);
INSERT INTO primary_standing VALUES (1, 0, 0, 0);
CREATE TABLE trees (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    digest BLOB NOT NULL DEFAULT (zeroblob(32)),  -- sum of the live entries' digests
    entries INTEGER NOT NULL DEFAULT 0,           -- live entries
    bytes INTEGER NOT NULL DEFAULT 0,             -- of their content
    marker_id TEXT,                               -- of the marker in the root
    root_filesystem INTEGER NOT NULL DEFAULT 0,   -- st_dev of the root when we marked it
    root_inode INTEGER NOT NULL DEFAULT 0,
    first_scan_done INTEGER NOT NULL DEFAULT 0,   -- everything there at the start is in a cut
    swept INTEGER                                 -- start of the last finished scan, UTC ns
);
CREATE TABLE entries (
    tree INTEGER NOT NULL,
    path BLOB NOT NULL,
    type INTEGER NOT NULL,        -- EntryType; 7 is a tombstone
    entry BLOB NOT NULL,          -- FileEntry in its binary form
    sha256 BLOB,                  -- of files
    link TEXT,                    -- group of hard links
    filesystem INTEGER NOT NULL,  -- st_dev
    inode INTEGER NOT NULL,
    identity BLOB NOT NULL,       -- StatIdentity
    cut INTEGER NOT NULL,         -- in which it last changed
    PRIMARY KEY (tree, path)
) WITHOUT ROWID;
CREATE INDEX entries_by_cut ON entries (tree, cut);
CREATE INDEX entries_by_content ON entries (tree, sha256) WHERE sha256 IS NOT NULL;
CREATE INDEX entries_by_inode ON entries (tree, inode);
CREATE INDEX tombstones ON entries (cut) WHERE type = 7;
CREATE TABLE marks (
    mark INTEGER PRIMARY KEY,
    cut INTEGER NOT NULL,       -- that it describes
    complete INTEGER NOT NULL,  -- 1: nothing was pending
    envelope BLOB NOT NULL      -- as signed
);
CREATE INDEX marks_by_cut ON marks (cut);
CREATE TABLE database_positions (
    name TEXT PRIMARY KEY,
    lsn INTEGER NOT NULL  -- of the newest cut
);
CREATE TABLE unmarked_transactions (  -- passed by the newest cut, not described by a mark yet
    name TEXT NOT NULL,
    commit_end INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    PRIMARY KEY (name, commit_end)
) WITHOUT ROWID;
CREATE TABLE peers (
    name TEXT PRIMARY KEY,
    received_cut INTEGER NOT NULL,  -- known received
    applied_cut INTEGER NOT NULL
);
)";

constexpr const char* primary_schema_2 = R"(
CREATE TABLE held_batches (       -- deletions that wait for somebody's approval
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tree TEXT NOT NULL,
    since INTEGER NOT NULL,       -- when the first of it was held, UTC ns
    latest INTEGER NOT NULL,      -- when the last one joined
    entries INTEGER NOT NULL,     -- held now
    of_entries INTEGER NOT NULL   -- that the tree had then
);
CREATE TABLE held_deletions (     -- gone from the disk, live in `entries`
    tree TEXT NOT NULL,
    path BLOB NOT NULL,
    batch INTEGER NOT NULL,
    approved INTEGER NOT NULL,    -- 1: one of the next cuts removes it
    PRIMARY KEY (tree, path)
) WITHOUT ROWID;
CREATE INDEX held_by_batch ON held_deletions (batch);
CREATE INDEX held_approved ON held_deletions (tree) WHERE approved = 1;
CREATE TABLE tree_filters (
    tree TEXT PRIMARY KEY,
    patterns TEXT NOT NULL,       -- `exclude` as last seen, one pattern a line
    before TEXT,                  -- those that a full scan has not come to terms with yet
    changed INTEGER               -- when they last changed, UTC ns
) WITHOUT ROWID;
)";

constexpr const char* primary_schema_3 = R"(
-- Tombstones of cuts up to this one may be gone: who holds less is told everything.
ALTER TABLE primary_standing ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0;
-- In the config of the newest start; and the first cut since it came back into it (0: never left).
ALTER TABLE trees ADD COLUMN configured INTEGER NOT NULL DEFAULT 0;
ALTER TABLE trees ADD COLUMN rejoined INTEGER NOT NULL DEFAULT 0;
ALTER TABLE peers ADD COLUMN received_mark INTEGER NOT NULL DEFAULT 0;
CREATE TABLE cut_identities (
    cut INTEGER PRIMARY KEY,
    identity BLOB NOT NULL  -- 16 random bytes, told with the cut
);
)";

// Large files are found by their size: a copy of one has the same.
constexpr const char* primary_schema_4 = R"(
ALTER TABLE entries ADD COLUMN large INTEGER;  -- the size of a file above limits::small_file
CREATE INDEX entries_by_large ON entries (tree, large) WHERE large IS NOT NULL;
)";

// A position is of one cluster: another one's log has nothing to do with it.
constexpr const char* primary_schema_5 = R"(
ALTER TABLE database_positions ADD COLUMN system_identifier TEXT NOT NULL DEFAULT '';
)";

constexpr const char* primary_schema_6 = R"(
CREATE TABLE database_gaps (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,     -- of the database
    peer TEXT NOT NULL,     -- that has lost something of it
    what TEXT NOT NULL,     -- '': all of it, else the table
    reason TEXT NOT NULL,
    since INTEGER NOT NULL, -- UTC ns
    closed INTEGER,         -- UTC ns; NULL: it is open
    told INTEGER NOT NULL   -- 1: a committed mark names it
);
CREATE INDEX standing_gaps ON database_gaps (id) WHERE closed IS NULL OR told = 0;
)";

constexpr std::array<const char*, 6> primary_migrations{primary_schema_1, primary_schema_2,
                                                        primary_schema_3, primary_schema_4,
                                                        primary_schema_5, primary_schema_6};

}  // namespace farshore::storage
