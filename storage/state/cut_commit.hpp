#pragma once
// How a cut becomes durable on the primary: index, tombstones, numbers and signed mark in one
// commit.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/state/primary_state.hpp"

namespace farshore::storage {

// One cut on its way into the state: everything or nothing. Holds the write lock, so it is short.
class CutCommit {
  public:
    explicit CutCommit(PrimaryState& state);

    [[nodiscard]] CutNumber cut() const { return cut_; }
    // The mark that this cut's changes first appear in: its own when it is one, else the next.
    [[nodiscard]] MarkNumber mark() const { return mark_; }

    void put(const SourceName& tree, const CapturedEntry& entry);
    // False when there was no such live entry.
    bool remove(const SourceName& tree, std::string_view path);
    // Only the stat identity changed: nothing that a secondary would see.
    void refresh(const SourceName& tree, std::string_view path, const StatIdentity& identity);
    // As it is with this cut's changes.
    [[nodiscard]] CapturedTotals totals(const SourceName& tree);
    void set_scanned(const SourceName& tree, bool first_scan_done, std::optional<Timestamp> swept);
    // unmarked: all transactions that no mark has described, rising; empty with a mark.
    void set_database(const SourceName& database, const StreamPosition& position,
                      const std::vector<StoredTransaction>& unmarked);
    // 16 random bytes: zeros unless it is said.
    void set_identity(std::string_view identity) { identity_ = identity; }
    void seal(bool complete, std::string_view envelope);
    // Durable when it returns.
    void commit();

  private:
    CapturedTotals& totals_of(const SourceName& tree);
    void take_out(const SourceName& tree, const FileEntry& entry);
    void write(const SourceName& tree, const CapturedEntry& entry);
    void write_unmarked(const SourceName& database, bool is_other_log,
                        const std::vector<StoredTransaction>& unmarked);

    PrimaryState& state_;
    Transaction transaction_;
    CutNumber cut_;
    MarkNumber mark_;
    bool sealed_ = false;
    std::string identity_ = std::string(16, '\0');
    std::map<SourceName, CapturedTotals> totals_;
};

}  // namespace farshore::storage
