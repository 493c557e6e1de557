#pragma once
// The text parameters of one statement, as libpq wants them.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/pgoutput.hpp"

namespace farshore::secondary {

class RowValues {
  public:
    // NULL or text; anything else is Error(malformed).
    void add(const pgoutput::Value& value);
    void clear();

    [[nodiscard]] std::size_t size() const { return offsets_.size(); }
    [[nodiscard]] std::size_t bytes() const { return text_.size(); }
    // Valid until the next change.
    [[nodiscard]] const std::vector<const char*>& pointers();

  private:
    std::string text_;                  // each value with a zero byte behind it
    std::vector<std::size_t> offsets_;  // npos: NULL
    std::vector<const char*> pointers_;
};

}  // namespace farshore::secondary
