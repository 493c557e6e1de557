#include "protocol/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace farshore {

void assertion_failed(const char* expression, const char* file, int line) {
    std::fprintf(stderr, "farshore: assumption broken: %s (%s:%d)\n", expression, file, line);
    std::abort();
}

}  // namespace farshore
