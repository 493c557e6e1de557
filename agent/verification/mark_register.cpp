#include "agent/verification/mark_register.hpp"

namespace farshore::verification {

namespace {

// Temporary, as in listing_fold.cpp.
storage::Database open_scratch() {
    storage::Database database{std::string()};
    database.execute(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
        "CREATE TABLE mark (number INTEGER PRIMARY KEY, digest BLOB NOT NULL); BEGIN");
    return database;
}

}  // namespace

MarkRegister::MarkRegister()
    : database_(open_scratch()),
      insert_(database_, "INSERT OR REPLACE INTO mark (number, digest) VALUES (?1, ?2)"),
      find_(database_, "SELECT digest FROM mark WHERE number = ?1") {}

void MarkRegister::put(MarkNumber mark, const Digest& digest) {
    insert_.bind(1, mark.value()).bind(2, digest);
    insert_.run();
}

std::optional<Digest> MarkRegister::find(MarkNumber mark) {
    find_.bind(1, mark.value());
    std::optional<Digest> digest;
    if (find_.step()) {
        digest = find_.digest(0);
    }
    find_.reset();
    return digest;
}

}  // namespace farshore::verification
