#pragma once
// One database on this secondary: its spool, and the turn of those who may change the replica.

#include <memory>
#include <mutex>

#include "agent/config/config.hpp"
#include "storage/spool/change_spool.hpp"

namespace farshore::secondary {

// Invariants: whoever writes to the replica (a first copy, the applier) or changes where it stands
// holds `turn`.
struct ReplicaDatabase {
    ReplicaDatabase(config::Database configured, storage::FileSystem& files,
                    const storage::Handle& state_directory, const std::string& spool_name)
        : config(std::move(configured)), spool(files, state_directory, spool_name) {}

    config::Database config;
    storage::ChangeSpool spool;
    std::mutex turn;
};

}  // namespace farshore::secondary
