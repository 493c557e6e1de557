#include "agent/runtime/standard_streams.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace farshore::runtime {

void occupy_standard_streams() {
    for (int number = STDIN_FILENO; number <= STDERR_FILENO; ++number) {
        if (::fcntl(number, F_GETFD) >= 0 || errno != EBADF) {
            continue;
        }
        // A result that nobody could read is an error, so standard output is not writable.
        const int how = number == STDOUT_FILENO ? O_RDONLY : O_WRONLY;
        if (::open("/dev/null", how) != number) {
            std::abort();  // nothing may run that could write into another file
        }
    }
}

}  // namespace farshore::runtime
