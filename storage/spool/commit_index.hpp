#pragma once
// Where in the spool a session's transactions end; bounded, so it thins itself out.

#include <cstddef>
#include <optional>
#include <vector>

#include "protocol/identifiers.hpp"
#include "storage/spool/record_log_format.hpp"

namespace farshore::storage {

// Invariants: entries grow in both LSN and position; there are at most `capacity`: when they are,
// every other one goes, and from then on they are taken more seldom. So floor() may name an earlier
// transaction than the last one at or before an LSN: the caller reads on from there.
class CommitIndex {
  public:
    struct Entry {
        Lsn commit_end;
        SpoolPosition position;  // behind the transaction
    };

    explicit CommitIndex(std::size_t capacity) : capacity_(capacity) {}

    // The next transaction.
    void add(const Entry& entry);
    // The last entry at or before `lsn`.
    [[nodiscard]] std::optional<Entry> floor(Lsn lsn) const;
    // The last transaction that was added, kept or not.
    [[nodiscard]] const std::optional<Entry>& last() const { return last_; }
    // True while every transaction is an entry.
    [[nodiscard]] bool is_whole() const { return stride_ == 1; }
    void clear();

  private:
    std::size_t capacity_;
    std::size_t stride_ = 1;  // of so many transactions one is kept
    std::size_t added_ = 0;
    std::vector<Entry> entries_;
    std::optional<Entry> last_;
};

}  // namespace farshore::storage
