#pragma once
// Reads every content of a tree again, slowly: what changed while the kernel's times say that
// nothing did (a store through mmap into a page that was dirty already, a disk that lies) is found
// by its SHA-256, and by nothing else.

#include <functional>
#include <string>

#include "agent/primary/files/root_guard.hpp"
#include "agent/runtime/sleeper.hpp"
#include "agent/runtime/stop_token.hpp"
#include "protocol/time.hpp"
#include "storage/disk/file_system.hpp"
#include "storage/state/primary_state.hpp"

namespace farshore::primary {

// Invariants: it changes nothing, it only names paths; only a file that is by all its times what
// the index has, and that held still while it was read, is named. A round rests for the interval at
// most (less where many entries have no content); it begins anew with the process. It rests with
// nothing open: nobody is kept from unmounting the root for longer than a file is read.
class ContentScrub {
  public:
    struct Parts {
        storage::FileSystem& files;
        const RootGuard& guard;
        std::string state_file;
        SourceName tree;
        Duration interval;
        runtime::Sleeper& sleeper;
        // The content at this path is not what the index has.
        std::function<void(const std::string& path)> on_difference;
    };

    explicit ContentScrub(Parts parts) : parts_(std::move(parts)) {}

    // Blocks until stop.
    void run(const runtime::StopToken& stop);

  private:
    void check(const storage::CapturedEntry& row, const runtime::StopToken& stop);
    void rest(double nanoseconds, const runtime::StopToken& stop);
    // Nanoseconds of the interval that so many bytes, or this file, may take.
    [[nodiscard]] double share_of(std::uint64_t bytes) const;
    [[nodiscard]] double share_of(const FileEntry& entry) const;

    Parts parts_;
    storage::CapturedTotals totals_;  // of the tree as the round began
    double rested_ = 0;               // nanoseconds of the file's share, while it was read
};

}  // namespace farshore::primary
