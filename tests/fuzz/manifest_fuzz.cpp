// Manifests: whatever is read is written to a payload that is read as the same.

#include "protocol/manifest.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace farshore;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto read = parse_manifest(text)) {
        const std::string payload = to_payload(read.value());
        const auto again = parse_manifest(payload);
        FARSHORE_ASSERT(again.ok());
        FARSHORE_ASSERT(to_payload(again.value()) == payload);
    }
    return 0;
}
