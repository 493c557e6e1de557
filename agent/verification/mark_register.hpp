#pragma once
// The digests of an epoch's marks, by number, in bounded memory: years of them are more than a
// process should hold.

#include <optional>

#include "protocol/digest.hpp"
#include "protocol/identifiers.hpp"
#include "storage/state/sqlite.hpp"

namespace farshore::verification {

class MarkRegister {
  public:
    MarkRegister();
    MarkRegister(const MarkRegister&) = delete;
    MarkRegister& operator=(const MarkRegister&) = delete;

    void put(MarkNumber mark, const Digest& digest);
    [[nodiscard]] std::optional<Digest> find(MarkNumber mark);

  private:
    storage::Database database_;
    storage::Statement insert_;
    storage::Statement find_;
};

}  // namespace farshore::verification
