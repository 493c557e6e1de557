#pragma once
// What of a tree this process may not read or may not keep, because it is not root: said at the
// start, in status and in the marks, so that nobody finds it out on the day of a failover.

#include <cstdint>
#include <string>
#include <vector>

namespace farshore::runtime {

// One thing of a tree, and the capability that would let us carry it.
struct LackingRight {
    std::string what;
    std::string why;

    bool operator==(const LackingRight&) const = default;
};

// The bits of CAP_* in effect (capabilities(7)).
[[nodiscard]] std::uint64_t own_capabilities();

// On a primary: what can't be seen. (A file that can't be read is refused and named by itself.)
[[nodiscard]] std::vector<LackingRight> unseen_without_rights(std::uint64_t capabilities);
// On a secondary: what can't be made as it was on the primary.
[[nodiscard]] std::vector<LackingRight> unkept_without_rights(std::uint64_t capabilities);

}  // namespace farshore::runtime
