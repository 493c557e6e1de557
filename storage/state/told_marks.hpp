#pragma once
// Marks of the cut that a secondary is being told, until the cut is received.

#include <optional>
#include <string>

#include "protocol/digest.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/time.hpp"
#include "storage/state/sqlite.hpp"

namespace farshore::storage {

// A moment of this host, as the evidence has it.
struct WitnessedTime {
    Timestamp at;
    std::optional<Duration> clock_error;
};

// As the primary signed it; the receipt has its own (protocol/receipt.hpp).
struct ArrivedMark {
    MarkNumber mark;
    std::string envelope;  // the bytes as signed
    Digest digest;         // of its payload
};

// After a long absence one cut brings more of them than a process should hold: they wait in a
// temporary table, a file that nobody needs after a crash. Not thread-safe, nor seen by another
// connection.
class ToldMarks {
  public:
    explicit ToldMarks(Database& database);

    // After those before it.
    void tell(const ArrivedMark& mark);
    // The cut is told anew, or not at all.
    void forget();

    struct Taken {
        MarkNumber first, last;
        Digest digest;  // of the last one
    };
    // Within the caller's transaction: they become rows of secondary_marks. `is_mark`: the last one
    // describes the cut itself. nullopt: there is none.
    std::optional<Taken> take(CutNumber cut, bool is_mark, const WitnessedTime& when);

  private:
    Database& database_;
};

}  // namespace farshore::storage
