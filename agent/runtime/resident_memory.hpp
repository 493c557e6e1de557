#pragma once
// What of the machine's memory this process holds.

#include <cstdint>
#include <optional>
#include <string>

namespace farshore::runtime {

// Now, in bytes, as the kernel counts it; nullopt when it can not be asked.
[[nodiscard]] std::optional<std::uint64_t> resident_memory_bytes();
// Of the text of /proc/self/statm: sizes in pages, the resident one is the second (proc(5)).
[[nodiscard]] std::optional<std::uint64_t> parse_statm(const std::string& text,
                                                       std::uint64_t page_bytes);

}  // namespace farshore::runtime
