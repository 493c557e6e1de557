// Trust files: whatever is read is written to a file that is read as the same keys.

#include "storage/evidence/trust_file.hpp"

#include "protocol/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace farshore;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try {
        const TrustSet trust = storage::parse_trust_file(text, "trust.toml");
        const TrustSet again =
            storage::parse_trust_file(storage::write_trust_file(trust), "trust.toml");
        FARSHORE_ASSERT(again.keys().size() == trust.keys().size());
        FARSHORE_ASSERT(again.stream() == trust.stream());
    } catch (const Error& error) {
        FARSHORE_ASSERT(error.code() == ErrorCode::bad_config);
    }
    return 0;
}
