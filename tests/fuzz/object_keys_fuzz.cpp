// Keys from a listing: whatever parses is made again to the letter.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "protocol/assert.hpp"
#include "storage/objects/object_keys.hpp"
#include "storage/objects/object_store.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const bool valid = farshore::storage::is_valid_object_key(text);
    if (const auto key = farshore::storage::parse_key(text)) {
        FARSHORE_ASSERT(valid);
        FARSHORE_ASSERT(farshore::storage::make_key(*key) == text);
    }
    return 0;
}
