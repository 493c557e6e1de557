#pragma once
// The digests and times of an epoch's marks, by number, in bounded memory: years of them are more
// than a process should hold.

#include <optional>

#include "protocol/digest.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/time.hpp"
#include "storage/state/sqlite.hpp"

namespace farshore::verification {

struct RegisteredMark {
    Digest digest;
    Timestamp time;
    std::optional<Duration> clock_error;
};

class MarkRegister {
  public:
    MarkRegister();
    MarkRegister(const MarkRegister&) = delete;
    MarkRegister& operator=(const MarkRegister&) = delete;

    void put(MarkNumber mark, const RegisteredMark& registered);
    [[nodiscard]] std::optional<RegisteredMark> find(MarkNumber mark);

  private:
    storage::Database database_;
    storage::Statement insert_;
    storage::Statement find_;
};

}  // namespace farshore::verification
