#include "agent/verification/mark_register.hpp"

namespace farshore::verification {

namespace {

// Temporary, as in listing_fold.cpp.
storage::Database open_register() {
    storage::Database database{std::string()};
    database.execute(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
        "CREATE TABLE mark (number INTEGER PRIMARY KEY, digest BLOB NOT NULL, time INTEGER NOT "
        "NULL,"
        "                   clock_error INTEGER); BEGIN");
    return database;
}

}  // namespace

MarkRegister::MarkRegister()
    : database_(open_register()),
      insert_(database_,
              "INSERT OR REPLACE INTO mark (number, digest, time, clock_error) "
              "VALUES (?1, ?2, ?3, ?4)"),
      find_(database_, "SELECT digest, time, clock_error FROM mark WHERE number = ?1") {}

void MarkRegister::put(MarkNumber mark, const RegisteredMark& registered) {
    insert_.bind(1, mark.value()).bind(2, registered.digest).bind(3, registered.time.nanoseconds);
    if (registered.clock_error) {
        insert_.bind(4, registered.clock_error->nanoseconds);
    } else {
        insert_.bind_null(4);
    }
    insert_.run();
}

std::optional<RegisteredMark> MarkRegister::find(MarkNumber mark) {
    find_.bind(1, mark.value());
    std::optional<RegisteredMark> found;
    if (find_.step()) {
        found = RegisteredMark{find_.digest(0), Timestamp{find_.integer(1)}, std::nullopt};
        if (!find_.is_null(2)) {
            found->clock_error = Duration{find_.integer(2)};
        }
    }
    find_.reset();
    return found;
}

}  // namespace farshore::verification
