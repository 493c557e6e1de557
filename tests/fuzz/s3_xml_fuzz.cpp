// The documents of an S3 server, hostile or broken.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "protocol/assert.hpp"
#include "storage/objects/s3_xml.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    static_cast<void>(farshore::storage::parse_s3_error(text));
    const auto page = farshore::storage::parse_s3_page(text);
    if (page) {
        for (const std::string& key : page.value().keys) {
            FARSHORE_ASSERT(!key.empty() && key.size() <= size);
        }
    }
    const auto versions = farshore::storage::parse_s3_version_page(text);
    if (versions) {
        FARSHORE_ASSERT(!versions.value().goes_on || !versions.value().next_key.empty());
    }
    return 0;
}
