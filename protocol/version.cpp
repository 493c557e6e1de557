#include "protocol/version.hpp"

#include <algorithm>

namespace farshore {

namespace {

std::string to_text(VersionRange range) {
    return std::to_string(range.lowest) + " to " + std::to_string(range.highest);
}

}  // namespace

Result<std::uint16_t> choose_version(VersionRange ours, VersionRange theirs) {
    const std::uint16_t highest = std::min(ours.highest, theirs.highest);
    if (theirs.lowest > theirs.highest || highest < std::max(ours.lowest, theirs.lowest)) {
        return Error(ErrorCode::bad_version, "this agent speaks versions " + to_text(ours) +
                                                 " of the protocol, the peer " + to_text(theirs));
    }
    return highest;
}

Result<VersionRange> hello_versions(const Frame& frame) {
    if (frame.kind != MessageKind::hello || frame.body.size() < 4) {
        return Error(ErrorCode::malformed, "a connection does not begin with a hello");
    }
    ByteReader in(frame.body);
    VersionRange range;
    range.lowest = in.u16();
    range.highest = in.u16();
    return range;
}

}  // namespace farshore
