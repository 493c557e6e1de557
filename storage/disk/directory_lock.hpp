#pragma once
// One agent for each state directory.

#include "storage/disk/file_system.hpp"

namespace farshore::storage {

// Invariants: while an instance lives, no other process has one of the same directory. The kernel
// lets go of the lock when the process ends, however it ends.
class DirectoryLock {
  public:
    // Throws state_locked, naming the process that has it.
    DirectoryLock(FileSystem& files, const Handle& state_directory);

  private:
    Handle file_;
};

}  // namespace farshore::storage
