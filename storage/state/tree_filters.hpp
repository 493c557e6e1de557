#pragma once
// The filters that a primary's trees were last seen with, so that a change of them is noticed.

#include <optional>
#include <string>
#include <vector>

#include "protocol/identifiers.hpp"
#include "protocol/time.hpp"
#include "storage/state/sqlite.hpp"

namespace farshore::storage {

struct KnownFilters {
    // All patterns that stood before, until a full scan has seen what the change brings to light.
    std::optional<std::vector<std::string>> before;
    std::optional<Timestamp> changed;  // the last time
};

// Not thread-safe: one for each connection. Durable when its calls return.
class TreeFilters {
  public:
    explicit TreeFilters(Database& database) : database_(database) {}

    // Compares with what was seen last, and remembers.
    [[nodiscard]] KnownFilters recognise(const SourceName& tree,
                                         const std::vector<std::string>& patterns, Timestamp now);
    // A full scan has seen everything under the new ones.
    void come_to_terms(const SourceName& tree);

  private:
    Database& database_;
};

}  // namespace farshore::storage
