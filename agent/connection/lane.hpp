#pragma once
// One TLS connection of a session, as the roles see it: frames in, frames out, in order, blocking.
// The network thread (Asio) does the work behind it; roles call from threads of their own.

#include <memory>
#include <optional>

#include "protocol/error.hpp"
#include "protocol/frame.hpp"
#include "protocol/time.hpp"

namespace farshore::connection {

// Invariants: frames arrive once, whole, in the order they were sent, or the lane is closed; what
// is held in memory in each direction is at most limits::lane_window. Every call is thread-safe.
class Lane {
  public:
    virtual ~Lane() = default;

    // Queues a frame; blocks while the window is full. Returning says nothing about arrival.
    // Gives how many bytes it takes on the connection. Throws the Error the lane was closed with.
    virtual std::size_t send(Frame frame) = 0;
    // The next frame, or nullopt after `timeout`. Frames that had arrived before a close are still
    // handed out; then throws the Error the lane was closed with.
    [[nodiscard]] virtual std::optional<Frame> receive(Duration timeout) = 0;
    // Ends the lane for both directions; wakes everybody who waits on it. Idempotent.
    virtual void close(const Error& reason) = 0;
    [[nodiscard]] virtual bool is_closed() const = 0;
    // Bytes that were given to send() and not yet written to the connection.
    [[nodiscard]] virtual std::size_t unsent_bytes() const = 0;
};

template <typename M>
std::size_t send(Lane& lane, const M& message) {
    return lane.send(to_frame(message));
}

}  // namespace farshore::connection
