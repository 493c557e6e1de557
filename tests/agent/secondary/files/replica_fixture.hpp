#pragma once
// A source directory and a replica of it that is kept by hand: what the primary and the wire would
// do, without them.

#include <string>
#include <vector>

#include "agent/secondary/files/apply_report.hpp"
#include "agent/secondary/files/retention.hpp"
#include "protocol/file_entry.hpp"
#include "storage/disk/file_system.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::secondary {

// Each call opens state, root and staging anew, as after a restart.
class Replica {
  public:
    explicit Replica(const std::string& directory);

    [[nodiscard]] std::string source() const { return directory_ + "/source"; }
    [[nodiscard]] std::string root() const { return directory_ + "/replica"; }
    [[nodiscard]] std::string state() const { return directory_ + "/state.db"; }

    struct Cut {
        std::uint64_t number;
        std::vector<FileEntry> entries;
    };
    // What changed in the source since the last call.
    Cut take_cut();
    // Receives the cut unless it is received already.
    void receive(storage::FileSystem& files, const Cut& cut);
    // Applies what is received. Returns the report of the last cut.
    ApplyReport apply(storage::FileSystem& files);
    // take_cut(), receive(), apply() by the real file system.
    ApplyReport carry();

    // What is kept of what the replica loses, and since when: the clock of it.
    RetentionSettings keep{.keep_deleted = Duration::from_seconds(24 * 3600),
                           .keep_replaced = true,
                           .limit_bytes = 1ULL << 30};
    Timestamp now{1'000'000'000'000'000'000};

    // Contents that had to come from the source so far.
    [[nodiscard]] std::uint64_t sent() const { return sent_; }
    // What is in staging now, ready or not.
    [[nodiscard]] std::vector<std::string> staged_names() const;

  private:
    std::string directory_;
    std::vector<FileEntry> told_;
    std::uint64_t cuts_ = 0;
    std::uint64_t sent_ = 0;
};

extern const SourceName replica_tree;

}  // namespace farshore::secondary
