// Bytes of a lane, in pieces: never more than the limits allow is held, and what is a frame comes
// out again.
#include <cstdint>

#include "protocol/frame_codec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::size_t piece = static_cast<std::size_t>(data[0]) + 1;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    farshore::FrameDecoder decoder;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        std::string_view input = bytes.substr(at, piece);
        while (!input.empty()) {
            const auto frame = decoder.next(input);
            if (!frame) {
                return 0;
            }
            if (frame.value()) {
                FARSHORE_ASSERT(frame.value()->body.size() <= farshore::limits::frame_body);
            }
        }
    }
    // The checksums keep a fuzzer out: what is behind them is tried without.
    if (bytes.size() > 4) {
        const auto said = static_cast<std::size_t>(data[1]) << 4;
        const auto body = farshore::Decompressor().inflate(bytes.substr(1), said);
        FARSHORE_ASSERT(!body || body.value().size() == said);
    }
    return 0;
}
