#include "storage/spool/record_log_format.hpp"

// Headers and checksums as a reader meets them in a file that anything may have happened to.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace farshore::storage;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    (void)is_segment_header(bytes.substr(0, segment_header_bytes), 1);
    (void)parse_segment_name(bytes);
    if (const auto header = decode_record_header(bytes)) {
        if (bytes.size() - record_header_bytes >= header->length) {
            (void)has_right_checksum(bytes.substr(0, record_header_bytes + header->length),
                                     segment_header_bytes);
        }
    }
    return 0;
}
