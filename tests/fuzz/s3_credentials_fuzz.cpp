// The shared credentials file: what is found can go into a header as it is.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "protocol/assert.hpp"
#include "storage/objects/s3_credentials.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto keys = farshore::storage::parse_credentials_file(text, "default");
    if (keys) {
        const farshore::storage::S3Keys& found = keys.value();
        FARSHORE_ASSERT(!found.access_key.empty() && !found.secret_key.empty());
        for (const std::string* value :
             {&found.access_key, &found.secret_key, &found.session_token}) {
            FARSHORE_ASSERT(value->find_first_of("\r\n") == std::string::npos);
        }
    }
    return 0;
}
