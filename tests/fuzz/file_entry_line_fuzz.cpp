// Lines of change lists: whatever is read has one line, and is safe to be joined to a root.

#include "protocol/file_entry.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace farshore;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto read = parse_json_line(text)) {
        FARSHORE_ASSERT(is_safe_path(read.value().path));
        const auto again = parse_json_line(to_json_line(read.value()));
        FARSHORE_ASSERT(again.ok() && again.value() == read.value());
    }
    return 0;
}
