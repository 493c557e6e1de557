#pragma once
// packaging/verify/farshore-verify.py, run over stores that a test made: a second reader of the
// evidence that shares no code with the first.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/trust.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::test {

struct IndependentFinding {
    std::string kind;
    std::string place;
};

struct IndependentMinute {
    std::int64_t begin = 0;  // nanoseconds, as all of them
    std::optional<std::int64_t> rpo, error, objective;
};

struct IndependentResult {
    std::vector<IndependentFinding> findings;
    std::vector<IndependentMinute> minutes;
};

class IndependentVerifier {
  public:
    // The store as it is now; `until`: also the RPO of each minute up to then.
    void add(const MemoryStore& store, const TrustSet& trust, const std::string& until = {},
             const MemoryStore* witness = nullptr);
    void drop_last() { wanted_.pop_back(); }
    // Of each that was added, in order. Throws std::runtime_error with what the program says.
    [[nodiscard]] std::vector<IndependentResult> run();

    // Writes a store out as a directory.
    static void write(const MemoryStore& store, const std::string& directory);

  private:
    TemporaryDirectory directory_;
    std::vector<std::string> wanted_;  // lines for verify_many.py
};

}  // namespace farshore::test
