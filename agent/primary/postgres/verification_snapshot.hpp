#pragma once
// The primary's side of comparing a database: a snapshot of which the LSN is known exactly.

#include <memory>
#include <string>

#include "agent/postgres/snapshot.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/time.hpp"

namespace farshore::primary {

// Invariants: the snapshot shows exactly the transactions that end at or before lsn(). It lasts as
// long as the object, or until nothing was asked of it for an hour; the temporary slot that it came
// from is gone when the constructor returns.
class VerificationSnapshot {
  public:
    // Throws Error(timeout) naming a transaction that has been open for longer than `patience`: no
    // such snapshot can be made before it ends.
    VerificationSnapshot(const std::string& conninfo, const postgres::WakeEvent& stop,
                         Duration patience);

    [[nodiscard]] Lsn lsn() const { return lsn_; }
    [[nodiscard]] postgres::Connection& connection() { return snapshot_->connection(); }

  private:
    Lsn lsn_;
    std::unique_ptr<postgres::Snapshot> snapshot_;
};

}  // namespace farshore::primary
