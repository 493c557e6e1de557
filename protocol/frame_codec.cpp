#include "protocol/frame_codec.hpp"

#include <algorithm>

namespace farshore {

std::string FrameEncoder::encode(const Frame& frame) {
    FARSHORE_ASSERT(frame.body.size() <= limits::frame_body);
    const std::optional<std::string> compressed = compressor_.compress(frame.body);
    const std::string& body = compressed ? *compressed : frame.body;
    FrameHeader header;
    header.kind = frame.kind;
    header.compressed = compressed.has_value();
    header.wire_bytes = static_cast<std::uint32_t>(body.size());
    header.body_bytes = static_cast<std::uint32_t>(frame.body.size());
    header.checksum = frame_checksum(body);
    std::string out = write_frame_header(header);
    out.append(body);
    return out;
}

namespace {

// Moves from the front of `input` what `to` lacks of `wanted` bytes; true when it lacks nothing.
bool fill(std::string& to, std::size_t wanted, std::string_view& input) {
    const std::size_t count = std::min(wanted - to.size(), input.size());
    to.append(input.substr(0, count));
    input.remove_prefix(count);
    return to.size() == wanted;
}

}  // namespace

Result<std::optional<WireFrame>> FrameSplitter::next(std::string_view& input) {
    if (!header_) {
        if (!fill(head_, frame_format::header_bytes, input)) {
            return std::optional<WireFrame>();
        }
        Result<FrameHeader> header = read_frame_header(head_);
        if (!header) {
            return header.error();
        }
        header_ = header.value();
        body_.reserve(header_->wire_bytes);
    }
    if (!fill(body_, header_->wire_bytes, input)) {
        return std::optional<WireFrame>();
    }
    std::optional<WireFrame> frame(WireFrame{*header_, std::move(body_)});
    head_.clear();
    header_.reset();
    body_ = std::string();
    return frame;
}

Result<Frame> FrameOpener::open(WireFrame wire) {
    if (frame_checksum(wire.body) != wire.header.checksum) {
        return Error(ErrorCode::bad_checksum, "a frame's body was altered on the way");
    }
    if (!wire.header.compressed) {
        return Frame{wire.header.kind, std::move(wire.body)};
    }
    Result<std::string> body = decompressor_.inflate(wire.body, wire.header.body_bytes);
    if (!body) {
        return body.error();
    }
    return Frame{wire.header.kind, std::move(body).value()};
}

Result<std::optional<Frame>> FrameDecoder::next(std::string_view& input) {
    Result<std::optional<WireFrame>> wire = splitter_.next(input);
    if (!wire) {
        return wire.error();
    }
    std::optional<WireFrame> frame = std::move(wire).value();
    if (!frame) {
        return std::optional<Frame>();
    }
    Result<Frame> opened = opener_.open(*std::move(frame));
    if (!opened) {
        return opened.error();
    }
    return std::optional<Frame>(std::move(opened).value());
}

}  // namespace farshore
