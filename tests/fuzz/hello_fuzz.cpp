// The first frame of a connection: a version is chosen or refused before anything else is read.
#include <cstdint>
#include <string>

#include "protocol/message_session.hpp"
#include "protocol/version.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace farshore;
    const Frame frame{MessageKind::hello, std::string(reinterpret_cast<const char*>(data), size)};
    const Result<VersionRange> theirs = hello_versions(frame);
    if (!theirs || !choose_version(protocol_versions, theirs.value())) {
        return 0;
    }
    try {
        const auto hello = from_frame<Hello>(frame);
        FARSHORE_ASSERT(hello.bulk_lanes > 0 && hello.bulk_lanes <= limits::bulk_lanes);
        FARSHORE_ASSERT(hello.database.has_value() == (hello.lane == LaneKind::database));
    } catch (const Error&) {
        return 0;
    }
    return 0;
}
