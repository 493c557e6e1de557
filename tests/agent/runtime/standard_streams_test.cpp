// No file gets the number of a closed standard stream: log lines were written into it.

#include "agent/runtime/standard_streams.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace farshore::runtime {
namespace {

// In a child: the test program needs its own streams. 0 when all is as it should be.
int numbers_of_files_opened_next() {
    for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        ::close(number);
    }
    occupy_standard_streams();
    const int next = ::open("/dev/null", O_RDWR);
    const char byte = 'x';
    const bool result_fails = ::write(STDOUT_FILENO, &byte, 1) == -1;
    const bool message_passes = ::write(STDERR_FILENO, &byte, 1) == 1;
    return next > STDERR_FILENO && result_fails && message_passes ? 0 : 1;
}

TEST(StandardStreams, ClosedOnesAreTakenBeforeAnyFileIs) {
    EXPECT_EXIT(::_exit(numbers_of_files_opened_next()), testing::ExitedWithCode(0), "");
}

TEST(StandardStreams, OpenOnesStayAsTheyAre) {
    const int before = ::dup(STDERR_FILENO);
    occupy_standard_streams();
    const int after = ::dup(STDERR_FILENO);
    EXPECT_EQ(after, before + 1);
    ::close(before);
    ::close(after);
}

}  // namespace
}  // namespace farshore::runtime
