#pragma once
// Assertions that stay on in production: a stopped secondary is late, a wrong one is worthless.

namespace farshore {

// Prints what was assumed and where, and ends the process (abort).
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace farshore

// A broken assumption of ours stops the process. What comes from outside (bytes, disks, servers) is
// never asserted: that is an Error or a Result.
#define FARSHORE_ASSERT(expression)      \
    ((expression) ? static_cast<void>(0) \
                  : ::farshore::assertion_failed(#expression, __FILE__, __LINE__))
