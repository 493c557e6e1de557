#pragma once
// One database on this secondary: its spool, and the turn of those who may change the replica.

#include <atomic>
#include <memory>
#include <mutex>

#include "agent/config/config.hpp"
#include "storage/spool/change_spool.hpp"

namespace farshore::secondary {

// Invariants: the applier holds `turn` while it writes to the replica, and whoever changes where it
// stands; a first copy writes to one that stands as not copied, which no applier touches.
struct ReplicaDatabase {
    ReplicaDatabase(config::Database configured, storage::FileSystem& files,
                    const storage::Handle& state_directory, const std::string& spool_name)
        : config(std::move(configured)), spool(files, state_directory, spool_name) {}

    config::Database config;
    storage::ChangeSpool spool;
    std::mutex turn;
    // Above 0: somebody waits for the turn of an applier that is ahead of the cuts.
    std::atomic<int> waiting{0};
};

// Has the turn; who applies ahead of the cuts gives it up at the next transaction's end.
class ReplicaTurn {
  public:
    explicit ReplicaTurn(ReplicaDatabase& database) {
        ++database.waiting;
        lock_ = std::unique_lock(database.turn);
        --database.waiting;
    }

  private:
    std::unique_lock<std::mutex> lock_;
};

}  // namespace farshore::secondary
