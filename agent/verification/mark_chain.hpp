#pragma once
// The rule by which one mark may follow another within an epoch (pure).

#include <limits>
#include <map>
#include <optional>
#include <string>

#include "agent/verification/report.hpp"
#include "protocol/mark.hpp"

namespace farshore::verification {

// Invariants: last() is the newest mark that was added, 0 at the start of an epoch.
class MarkChain {
  public:
    // What is wrong with `mark` coming next, as findings into the report; it is added anyway, so
    // one fault is told once.
    void add(const Mark& mark, const std::string& place, VerifyReport& report);
    // Marks are missing: the next one may have any number above last(). They are a finding already.
    void expect_gap() { gap_ = true; }

    [[nodiscard]] MarkNumber last() const { return last_; }

  private:
    void check_sources(const Mark& mark, const std::string& place, VerifyReport& report);

    MarkNumber last_;
    Timestamp time_{std::numeric_limits<std::int64_t>::min()};  // of last_
    bool gap_ = false;
    std::map<SourceName, Timestamp> as_of_;
    std::map<SourceName, DatabaseMark> databases_;
};

}  // namespace farshore::verification
