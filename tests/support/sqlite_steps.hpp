#pragma once
// How much work SQLite does for what is asked of it: steps of its machine, not time, so that a test
// can tell an index from a walk through everything.

#include <sqlite3.h>

#include <cstdint>

#include "storage/state/sqlite.hpp"

namespace farshore::test {

// Counts while it lives. One for each connection.
class SqliteSteps {
  public:
    explicit SqliteSteps(storage::Database& database) : database_(database) {
        sqlite3_progress_handler(
            database_.raw(), 1,
            [](void* count) {
                ++*static_cast<std::uint64_t*>(count);
                return 0;
            },
            &count_);
    }
    ~SqliteSteps() { sqlite3_progress_handler(database_.raw(), 0, nullptr, nullptr); }
    SqliteSteps(const SqliteSteps&) = delete;
    SqliteSteps& operator=(const SqliteSteps&) = delete;

    [[nodiscard]] std::uint64_t count() const { return count_; }

  private:
    storage::Database& database_;
    std::uint64_t count_ = 0;
};

}  // namespace farshore::test
