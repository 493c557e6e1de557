#include "protocol/message_database.hpp"

namespace {

using namespace farshore;

template <typename M>
void decode(std::string_view body) {
    try {
        const M message = from_frame<M>({M::kind, std::string(body)});
        // What was decoded is encoded to the same bytes.
        FARSHORE_ASSERT(to_frame(message).body == body);
    } catch (const Error&) {
    }
}

void take_all(std::string_view records) {
    try {
        while (!records.empty()) {
            (void)take_record(records);
        }
    } catch (const Error&) {
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (size > limits::frame_body) {
        return 0;
    }
    decode<DatabaseChanges>(bytes);
    decode<DatabasePosition>(bytes);
    decode<CopyBegin>(bytes);
    decode<CopySchema>(bytes);
    decode<CopyStanding>(bytes);
    decode<CopyNeeded>(bytes);
    decode<DatabaseTimeline>(bytes);
    decode<CopyTable>(bytes);
    decode<CopyData>(bytes);
    decode<CopyTableEnd>(bytes);
    decode<CopyEnd>(bytes);
    try {
        (void)from_frame<CopyResult>({CopyResult::kind, std::string(bytes)});
    } catch (const Error&) {
    }
    take_all(bytes);
    return 0;
}
