#pragma once
// The transactions of one database that a decoder has passed and no mark has described yet.

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "protocol/digest.hpp"
#include "protocol/identifiers.hpp"

namespace farshore::primary {

struct PassedTransaction {
    Lsn commit_end;
    Digest sha256;
};

// Every secondary has a decoder of its own; they all pass the same transactions. Whichever is first
// counts, the others' repetitions are dropped.
// Invariants: commit_end rises strictly; nothing at or below the last mark's lsn is kept.
class TransactionLog {
  public:
    // What was kept with the last cut before a restart, oldest first; `passed`: the last cut's lsn.
    void restore(const std::vector<PassedTransaction>& kept, Lsn passed,
                 const std::string& system = "");
    // What is appended next is of this cluster. Another one than before: what was kept is let go
    // of, since its positions mean nothing beside the new ones.
    void follow(const std::string& system);
    [[nodiscard]] bool is_of(const std::string& system) const;
    // A decoder has passed a transaction. One at or below what was already passed is a repetition.
    void append(Lsn commit_end, const Digest& sha256);

    // All transactions with commit end at or below `lsn` that no mark has described.
    [[nodiscard]] std::vector<PassedTransaction> up_to(Lsn lsn) const;
    // A mark at `lsn` has described them.
    void forget_up_to(Lsn lsn);
    // True when a transaction beyond `lsn` has been passed: the next cut has something to carry.
    [[nodiscard]] bool has_beyond(Lsn lsn) const;

  private:
    mutable std::mutex mutex_;
    std::deque<PassedTransaction> transactions_;
    Lsn passed_;
    std::string system_;
};

// The mark's `digest` of a database: SHA-256 over the concatenated digests, in commit order.
[[nodiscard]] Digest database_digest(const std::vector<PassedTransaction>& transactions);

}  // namespace farshore::primary
