#include "agent/verification/listing_fold.hpp"

namespace farshore::verification {

namespace {

// An empty path is a temporary database: on disk, deleted when it is closed. It need not survive
// anything, so it has no journal.
storage::Database open_scratch() {
    storage::Database database{std::string()};
    database.execute(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
        "CREATE TABLE entry (path BLOB PRIMARY KEY, size INTEGER NOT NULL, digest BLOB NOT NULL,"
        " newer INTEGER NOT NULL, body BLOB NOT NULL) WITHOUT ROWID; BEGIN");
    return database;
}

std::uint64_t size_of(const FileEntry& entry) {
    return entry.type == EntryType::file ? entry.size : 0;
}

}  // namespace

ListingFold::ListingFold()
    : database_(open_scratch()),
      find_(database_, "SELECT size, digest, newer FROM entry WHERE path = ?1"),
      delete_(database_, "DELETE FROM entry WHERE path = ?1"),
      insert_(database_,
              "INSERT INTO entry (path, size, digest, newer, body) VALUES (?1, ?2, ?3, ?4, ?5)") {}

bool ListingFold::remove(std::string_view path) {
    find_.bind_blob(1, path);
    const bool is_there = find_.step();
    if (is_there && find_.integer(2) != 0) {
        --newer_;
    } else if (is_there) {
        --totals_.entries;
        totals_.bytes -= find_.unsigned_integer(0);
        totals_.digest.subtract(find_.digest(1));
    }
    find_.reset();
    if (is_there) {
        delete_.bind_blob(1, path);
        delete_.run();
    }
    return is_there;
}

void ListingFold::insert(const FileEntry& entry, bool is_newer) {
    const Digest digest = entry_digest(entry);
    ByteWriter body;
    encode(entry, body);
    insert_.bind_blob(1, entry.path)
        .bind(2, size_of(entry))
        .bind(3, digest)
        .bind(4, is_newer ? 1 : 0)
        .bind_blob(5, body.str());
    insert_.run();
    if (is_newer) {
        ++newer_;
        return;
    }
    ++totals_.entries;
    totals_.bytes += size_of(entry);
    totals_.digest.add(digest);
}

void ListingFold::apply(const FileEntry& entry) {
    remove(entry.path);
    if (entry.type != EntryType::deleted) {
        insert(entry, false);
    }
}

void ListingFold::set_newer(const FileEntry& entry) {
    remove(entry.path);
    insert(entry, true);
}

void ListingFold::walk(std::string_view after,
                       const std::function<bool(const FileEntry&, bool)>& each) {
    storage::Statement rows(database_,
                            "SELECT body, newer FROM entry WHERE path > ?1 ORDER BY path");
    rows.bind_blob(1, after);
    while (rows.step()) {
        ByteReader in(rows.bytes(0));
        const FileEntry entry = decode_file_entry(in);
        in.finish();
        if (!each(entry, rows.integer(1) != 0)) {
            return;
        }
    }
}

}  // namespace farshore::verification
