// JSON: whatever is read has one canonical text, and that text is read as the same value.

#include "protocol/json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace farshore;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto value = parse_json(text, limits::mib)) {
        const std::string canonical = to_canonical_json(value.value());
        const auto again = parse_json(canonical, 2 * limits::mib);
        FARSHORE_ASSERT(again.ok());
        FARSHORE_ASSERT(to_canonical_json(again.value()) == canonical);
    }
    return 0;
}
