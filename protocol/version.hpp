#pragma once
// Which protocol two agents speak with each other (WIRE.md, "Versions").

#include <cstdint>
#include <string>

#include "protocol/error.hpp"
#include "protocol/frame.hpp"

namespace farshore {

// Both ends included.
struct VersionRange {
    std::uint16_t lowest = 1;
    std::uint16_t highest = 1;

    bool operator==(const VersionRange&) const = default;
};

// What this build speaks.
constexpr VersionRange protocol_versions{1, 1};

// The highest version of both, or Error(bad_version) that names both ranges.
[[nodiscard]] Result<std::uint16_t> choose_version(VersionRange ours, VersionRange theirs);
// The range a Hello begins with: readable in every version, also where the rest of it is not.
[[nodiscard]] Result<VersionRange> hello_versions(const Frame& frame);

}  // namespace farshore
