#include "agent/runtime/resident_memory.hpp"

#include <unistd.h>

#include <fstream>
#include <sstream>

namespace farshore::runtime {

std::optional<std::uint64_t> parse_statm(const std::string& text, std::uint64_t page_bytes) {
    std::istringstream in(text);
    std::uint64_t all = 0;
    std::uint64_t resident = 0;
    if (!(in >> all >> resident)) {
        return std::nullopt;
    }
    return resident * page_bytes;
}

std::optional<std::uint64_t> resident_memory_bytes() {
    std::ifstream file("/proc/self/statm");
    std::string line;
    if (!std::getline(file, line)) {
        return std::nullopt;
    }
    return parse_statm(line, static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)));
}

}  // namespace farshore::runtime
