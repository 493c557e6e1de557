#pragma once
// The names that most tests give to what they replicate and whereto, and how long they wait.

#include "protocol/identifiers.hpp"
#include "protocol/time.hpp"

namespace farshore::test {

inline const SourceName uploads{"uploads"};
inline const SourceName app{"app"};
inline const AgentName west{"app-west"};

inline constexpr Duration no_wait{};
// Long enough never to be the reason, however slow the build.
inline constexpr Duration long_wait = Duration::from_ms(60'000);

}  // namespace farshore::test
