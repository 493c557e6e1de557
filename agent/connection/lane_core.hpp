#pragma once
// What is behind an AsioLane: shared by the lane's owner and the coroutines that move its bytes.

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "agent/connection/asio_lane.hpp"
#include "agent/connection/deadline.hpp"
#include "protocol/frame_codec.hpp"

namespace farshore::connection {

// Invariants:
// - stream_, the bells and flags below "network thread" are touched on the network thread only;
// - outgoing and incoming frames hold at most limits::lane_window bytes each; a sender waits, and
//   the reader stops reading, before that;
// - closed_ is set once and never changes; nothing is queued after it;
// - the socket is closed at most 2 s after closed_ was set.
class AsioLane::Core : public Abortable, public std::enable_shared_from_this<AsioLane::Core> {
  public:
    Core(std::shared_ptr<asio::io_context> context, std::unique_ptr<TlsStream> stream,
         LaneOptions options);

    // Any thread.
    std::size_t send(const Frame& frame);
    std::optional<Frame> receive(Duration timeout);
    // orderly: what is queued is still sent, and a Goodbye.
    void close(const Error& reason, bool orderly);
    bool is_closed() const;
    std::size_t unsent_bytes() const;
    void on_close(std::function<void(const Error&)> call);

    // Network thread; somebody holds the core while a coroutine runs.
    void abort() override;
    asio::awaitable<void> read();
    asio::awaitable<void> write();
    asio::awaitable<void> watch();

  private:
    asio::awaitable<void> read_until_end();
    asio::awaitable<void> discard_until_end();
    asio::awaitable<void> write_until_closed();
    asio::awaitable<void> say_goodbye();
    bool take(std::string_view bytes);
    void enqueue(WireFrame frame);
    bool has_room();
    bool reader_waits() const;
    std::string take_batch();
    bool is_orderly() const;
    void begin_end(bool orderly);
    void end_socket();
    void ended();

    const std::shared_ptr<asio::io_context> context_;
    const LaneOptions options_;

    mutable std::mutex mutex_;
    std::condition_variable sendable_;
    std::condition_variable receivable_;
    std::deque<std::string> outgoing_;
    std::size_t outgoing_bytes_ = 0;  // queued, or being written
    std::deque<WireFrame> incoming_;
    std::size_t incoming_bytes_ = 0;
    bool reader_waits_ = false;
    std::optional<Error> closed_;
    bool orderly_ = false;
    std::function<void(const Error&)> on_close_;

    // Each is held while a frame passes, so that frames keep their order. Taken before mutex_.
    std::mutex encoding_;
    FrameEncoder encoder_;
    std::mutex opening_;
    FrameOpener opener_;

    // network thread
    std::unique_ptr<TlsStream> stream_;
    FrameSplitter splitter_;
    Bell room_;
    Bell work_;
    Pause watching_;
    std::optional<Deadline> last_words_;
    bool heard_ = false;
    int running_ = 3;  // coroutines: read, write, watch
};

}  // namespace farshore::connection
