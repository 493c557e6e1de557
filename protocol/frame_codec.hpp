#pragma once
// Frames to bytes and back. The reading side comes in two halves, so that the cheap one can run
// where the bytes arrive and the costly one where the frame is wanted.

#include <optional>
#include <string>
#include <string_view>

#include "protocol/compression.hpp"
#include "protocol/frame.hpp"
#include "protocol/frame_format.hpp"

namespace farshore {

// A frame as it was on the wire: the header is believed, the body is not.
struct WireFrame {
    FrameHeader header;
    std::string body;

    [[nodiscard]] std::size_t size() const { return frame_format::header_bytes + body.size(); }
};

class FrameEncoder {
  public:
    explicit FrameEncoder(CompressionChoice choice) : compressor_(choice) {}

    // Header and body. The body is within limits::frame_body (to_frame asserts it).
    [[nodiscard]] std::string encode(const Frame& frame);

  private:
    Compressor compressor_;
};

// First half. Invariants: memory is held for a body only after its header was checked; after an
// error there is nothing to resume from, the connection has to be closed.
class FrameSplitter {
  public:
    // Takes from the front of `input` what belongs to the next frame; gives it when it is complete,
    // nullopt when all of `input` is taken and more is needed.
    [[nodiscard]] Result<std::optional<WireFrame>> next(std::string_view& input);
    // True when a frame has begun and not ended: a connection must not close here.
    [[nodiscard]] bool is_within_frame() const { return !head_.empty(); }

  private:
    std::string head_;
    std::optional<FrameHeader> header_;
    std::string body_;
};

// Second half: the body's checksum, then inflating within the length that the header gave.
class FrameOpener {
  public:
    [[nodiscard]] Result<Frame> open(WireFrame wire);

  private:
    Decompressor decompressor_;
};

// Both halves in one.
class FrameDecoder {
  public:
    [[nodiscard]] Result<std::optional<Frame>> next(std::string_view& input);

  private:
    FrameSplitter splitter_;
    FrameOpener opener_;
};

}  // namespace farshore
