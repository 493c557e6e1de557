#pragma once
// What every message must do: come back as it was, and refuse whatever is cut off or too long.

#include <gtest/gtest.h>

#include "protocol/frame.hpp"

namespace farshore::test {

template <typename M>
std::string encoded(const M& message) {
    ByteWriter out;
    message.encode(out);
    return out.take();
}

// The message again; its bytes are the same the second time.
template <typename M>
M round_trip(const M& message) {
    const Frame frame = to_frame(message);
    EXPECT_EQ(frame.kind, M::kind);
    const M read = from_frame<M>(frame);
    EXPECT_EQ(encoded(read), frame.body);
    for (std::size_t length = 0; length < frame.body.size(); ++length) {
        EXPECT_THROW(static_cast<void>(from_frame<M>({M::kind, frame.body.substr(0, length)})),
                     Error)
            << "cut off at " << length;
    }
    EXPECT_THROW(static_cast<void>(from_frame<M>({M::kind, frame.body + "x"})), Error);
    const MessageKind other = M::kind == MessageKind::ping ? MessageKind::pong : MessageKind::ping;
    EXPECT_THROW(static_cast<void>(from_frame<M>({other, frame.body})), Error);
    return read;
}

// The Error that decoding `body` as an M ends with.
template <typename M>
ErrorCode decode_error(const std::string& body) {
    try {
        static_cast<void>(from_frame<M>({M::kind, body}));
    } catch (const Error& error) {
        return error.code();
    }
    return ErrorCode::internal;
}

}  // namespace farshore::test
