// File entries as bytes: whatever is read is written as the same bytes.

#include "protocol/file_entry.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace farshore;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try {
        ByteReader in(text);
        const FileEntry entry = decode_file_entry(in);
        in.finish();
        FARSHORE_ASSERT(is_safe_path(entry.path));
        ByteWriter out;
        encode(entry, out);
        FARSHORE_ASSERT(out.str() == text);
        const auto line = parse_json_line(to_json_line(entry));
        FARSHORE_ASSERT(line.ok() && line.value() == entry);
    } catch (const Error& error) {
        FARSHORE_ASSERT(error.code() == ErrorCode::malformed ||
                        error.code() == ErrorCode::unsafe_path);
    }
    return 0;
}
