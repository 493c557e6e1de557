#pragma once
// Every path in the state directory, made and parsed in one place (ON_DISK.md).

#include <optional>
#include <string>
#include <string_view>

#include "protocol/identifiers.hpp"

namespace farshore::storage {

// Names are relative to the state directory, for the calls of FileSystem; absolute() is for those
// who open files by themselves (SQLite, a store of evidence).
class StatePaths {
  public:
    explicit StatePaths(std::string directory) : directory_(std::move(directory)) {}

    [[nodiscard]] const std::string& directory() const { return directory_; }
    [[nodiscard]] std::string absolute(std::string_view name) const;

    // The agent that runs has this file locked; it holds that agent's process id.
    static constexpr std::string_view lock = "lock";
    // SQLite's, with its -wal and -shm.
    static constexpr std::string_view database = "state.db";
    // Evidence of both sides, laid out as in the store.
    static constexpr std::string_view evidence = "evidence";
    // One directory for each database whose changes wait to be applied.
    static constexpr std::string_view spool = "spool";
    [[nodiscard]] static std::string spool_of(const SourceName& source);

  private:
    std::string directory_;
};

}  // namespace farshore::storage
