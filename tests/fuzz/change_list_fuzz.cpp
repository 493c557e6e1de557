// Change lists, as compressed bytes: entries in order, or Error(malformed).

#include "storage/evidence/change_list.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace farshore;
    if (size == 0) {
        return 0;
    }
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::uint64_t count = data[0];
    try {
        storage::ChangeListReader reader(bytes, count);
        std::uint64_t read = 0;
        std::string last;
        while (const auto entry = reader.next()) {
            FARSHORE_ASSERT(read == 0 || last < entry->path);
            last = entry->path;
            ++read;
        }
        FARSHORE_ASSERT(read == count);
    } catch (const Error& error) {
        FARSHORE_ASSERT(error.code() == ErrorCode::malformed);
    }
    return 0;
}
