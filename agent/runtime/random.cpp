#include "agent/runtime/random.hpp"

#include <sys/random.h>

#include <cerrno>
#include <cstring>

#include "protocol/error.hpp"

namespace farshore::runtime {

std::string Random::bytes(std::size_t count) {
    std::string result(count, '\0');
    fill(std::as_writable_bytes(std::span(result)));
    return result;
}

std::uint64_t Random::number() {
    std::uint64_t value = 0;
    fill(std::as_writable_bytes(std::span(&value, 1)));
    return value;
}

void SystemRandom::fill(std::span<std::byte> into) {
    while (!into.empty()) {
        const ssize_t got = ::getrandom(into.data(), into.size(), 0);
        if (got < 0) {
            if (errno == EINTR) {
                continue;
            }
            throw Error(ErrorCode::io,
                        std::string("cannot read random bytes: ") + std::strerror(errno));
        }
        into = into.subspan(static_cast<std::size_t>(got));
    }
}

}  // namespace farshore::runtime
