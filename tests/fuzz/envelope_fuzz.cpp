// Envelopes: what opens without its signature is never opened with it unless it was signed.

#include "protocol/envelope.hpp"
#include "tests/support/test_keys.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace farshore;
    static const TrustSet trust = test::shop_trust();
    static const SigningKey key = test::east_key();
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto payload = read_envelope_payload(text, payload_type::mark)) {
        const auto opened = open_envelope(text, payload_type::mark, trust);
        FARSHORE_ASSERT(!opened || opened.value().payload == payload.value());
        const std::string sealed = seal_envelope(payload_type::mark, payload.value(), key);
        const auto own = open_envelope(sealed, payload_type::mark, trust);
        FARSHORE_ASSERT(own.ok() && own.value().payload == payload.value());
    }
    return 0;
}
