#include "agent/connection/lane_core.hpp"

#include <array>

#include "agent/connection/tls_context.hpp"
#include "protocol/message_session.hpp"

namespace farshore::connection {

namespace {

constexpr std::size_t read_bytes = 64 * limits::kib;
constexpr std::size_t write_bytes = 128 * limits::kib;
constexpr Duration last_words_time = Duration::from_ms(2'000);
constexpr int silence_parts = 4;
// The largest frame there is, header and body.
constexpr std::size_t largest_frame = frame_format::header_bytes + limits::frame_body;
static_assert(2 * largest_frame <= limits::lane_window);

}  // namespace

AsioLane::Core::Core(std::shared_ptr<asio::io_context> context, std::unique_ptr<TlsStream> stream,
                     LaneOptions options)
    : context_(std::move(context)),
      options_(std::move(options)),
      encoder_(options_.compression),
      stream_(std::move(stream)),
      room_(*context_),
      work_(*context_),
      watching_(*context_) {}

std::size_t AsioLane::Core::send(const Frame& frame) {
    const std::lock_guard order(encoding_);
    std::string bytes = encoder_.encode(frame);
    std::unique_lock lock(mutex_);
    sendable_.wait(
        lock, [&] { return closed_ || outgoing_bytes_ + bytes.size() <= limits::lane_window; });
    if (closed_) {
        throw Error(*closed_);
    }
    const std::size_t size = bytes.size();
    outgoing_bytes_ += size;
    outgoing_.push_back(std::move(bytes));
    if (outgoing_.size() == 1) {
        asio::post(*context_, [self = shared_from_this()] { self->work_.ring(); });
    }
    return size;
}

std::optional<Frame> AsioLane::Core::receive(Duration timeout) {
    const std::lock_guard order(opening_);
    WireFrame wire;
    {
        std::unique_lock lock(mutex_);
        receivable_.wait_for(lock, to_chrono(timeout),
                             [this] { return closed_ || !incoming_.empty(); });
        if (incoming_.empty()) {
            if (closed_) {
                throw Error(*closed_);
            }
            return std::nullopt;
        }
        wire = std::move(incoming_.front());
        incoming_.pop_front();
        incoming_bytes_ -= wire.size();
        if (reader_waits_ && incoming_bytes_ <= limits::lane_window / 2) {
            reader_waits_ = false;
            asio::post(*context_, [self = shared_from_this()] { self->room_.ring(); });
        }
    }
    Result<Frame> frame = opener_.open(std::move(wire));
    if (!frame) {
        close(Error(frame.error().code(), "from " + options_.peer + ": " + frame.error().message()),
              true);
    }
    return std::move(frame).take();
}

void AsioLane::Core::close(const Error& reason, bool orderly) {
    std::function<void(const Error&)> call;
    {
        const std::lock_guard lock(mutex_);
        if (closed_) {
            return;
        }
        closed_ = reason;
        orderly_ = orderly;
        call.swap(on_close_);
    }
    sendable_.notify_all();
    receivable_.notify_all();
    asio::post(*context_, [self = shared_from_this(), orderly] { self->begin_end(orderly); });
    if (call) {
        call(reason);
    }
}

bool AsioLane::Core::is_closed() const {
    const std::lock_guard lock(mutex_);
    return closed_.has_value();
}

std::size_t AsioLane::Core::unsent_bytes() const {
    const std::lock_guard lock(mutex_);
    return outgoing_bytes_;
}

void AsioLane::Core::on_close(std::function<void(const Error&)> call) {
    std::unique_lock lock(mutex_);
    if (!closed_) {
        on_close_ = std::move(call);
        return;
    }
    const Error closed = *closed_;
    lock.unlock();
    call(closed);
}

void AsioLane::Core::abort() {
    close(Error(ErrorCode::cancelled, "the network is being shut down"), false);
    end_socket();
}

void AsioLane::Core::begin_end(bool orderly) {
    if (!orderly || running_ == 0) {
        end_socket();
        return;
    }
    last_words_.emplace(*context_, last_words_time, [this] { end_socket(); });
    work_.ring();
    room_.ring();
    watching_.end();
}

void AsioLane::Core::end_socket() {
    boost::system::error_code ignored;
    stream_->lowest_layer().close(ignored);
    work_.ring();
    room_.ring();
    watching_.end();
}

asio::awaitable<void> AsioLane::Core::read() {
    bool talking = true;
    try {
        co_await read_until_end();
    } catch (const boost::system::system_error& error) {
        close(tls_failure(*stream_, error.code(), options_.peer), false);
        talking = false;
    } catch (const Error& error) {
        close(Error(error.code(), "from " + options_.peer + ": " + error.message()), true);
    }
    if (talking) {
        co_await discard_until_end();
    }
    end_socket();
    ended();
}

asio::awaitable<void> AsioLane::Core::read_until_end() {
    std::array<char, read_bytes> buffer;
    for (;;) {
        const std::size_t count =
            co_await stream_->async_read_some(asio::buffer(buffer), asio::use_awaitable);
        heard_ = true;
        if (!take({buffer.data(), count})) {
            co_return;
        }
        while (!has_room()) {
            co_await room_.wait();
        }
    }
}

// A socket that is closed with something unread tells the peer so in a way that destroys what was
// sent to it: our last words.
asio::awaitable<void> AsioLane::Core::discard_until_end() {
    std::array<char, limits::kib> buffer;
    boost::system::error_code error;
    while (!error) {
        co_await stream_->next_layer().async_read_some(
            asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, error));
    }
}

// False when nothing that follows matters.
bool AsioLane::Core::take(std::string_view bytes) {
    for (;;) {
        Result<std::optional<WireFrame>> next = splitter_.next(bytes);
        std::optional<WireFrame> frame = std::move(next).take();
        if (!frame) {
            return !is_closed();
        }
        if (frame->header.kind == MessageKind::goodbye) {
            const auto goodbye = from_frame<Goodbye>(FrameOpener().open(*std::move(frame)).take());
            close(Error(ErrorCode::connection_lost,
                        options_.peer + " ended the session: " + goodbye.reason),
                  false);
            return false;
        }
        enqueue(*std::move(frame));
    }
}

void AsioLane::Core::enqueue(WireFrame frame) {
    {
        const std::lock_guard lock(mutex_);
        if (closed_) {
            return;
        }
        incoming_bytes_ += frame.size();
        incoming_.push_back(std::move(frame));
    }
    receivable_.notify_one();
}

// Room for what one more read can complete; when there is none, receive() rings for us.
bool AsioLane::Core::has_room() {
    const std::lock_guard lock(mutex_);
    reader_waits_ = !closed_ && incoming_bytes_ + largest_frame + read_bytes > limits::lane_window;
    return !reader_waits_;
}

bool AsioLane::Core::reader_waits() const {
    const std::lock_guard lock(mutex_);
    return reader_waits_;
}

asio::awaitable<void> AsioLane::Core::write() {
    try {
        co_await write_until_closed();
        if (is_orderly()) {
            co_await say_goodbye();
        }
    } catch (const boost::system::system_error& error) {
        close(tls_failure(*stream_, error.code(), options_.peer), false);
    }
    ended();
}

asio::awaitable<void> AsioLane::Core::write_until_closed() {
    for (;;) {
        const std::string batch = take_batch();
        if (batch.empty()) {
            if (is_closed()) {
                co_return;
            }
            co_await work_.wait();
            continue;
        }
        co_await asio::async_write(*stream_, asio::buffer(batch), asio::use_awaitable);
        {
            const std::lock_guard lock(mutex_);
            outgoing_bytes_ -= batch.size();
        }
        sendable_.notify_all();
    }
}

// Frames that are queued, joined so that small ones share a record; nothing after an abrupt end.
std::string AsioLane::Core::take_batch() {
    const std::lock_guard lock(mutex_);
    std::string batch;
    if (closed_ && !orderly_) {
        outgoing_.clear();
    }
    while (!outgoing_.empty() && batch.size() < write_bytes) {
        if (batch.empty()) {
            batch = std::move(outgoing_.front());
        } else {
            batch += outgoing_.front();
        }
        outgoing_.pop_front();
    }
    return batch;
}

asio::awaitable<void> AsioLane::Core::say_goodbye() {
    Goodbye goodbye;
    {
        const std::lock_guard lock(mutex_);
        goodbye.reason = std::string(closed_->name()) + ": " + closed_->message();
    }
    const std::string bytes =
        FrameEncoder({CompressionChoice::Mode::none, 0}).encode(to_frame(goodbye));
    co_await asio::async_write(*stream_, asio::buffer(bytes), asio::use_awaitable);
    boost::system::error_code ignored;
    stream_->next_layer().shutdown(tcp::socket::shutdown_send, ignored);
}

bool AsioLane::Core::is_orderly() const {
    const std::lock_guard lock(mutex_);
    return orderly_;
}

asio::awaitable<void> AsioLane::Core::watch() {
    int silent_parts = 0;
    while (!is_closed() && options_.silence > Duration{}) {
        co_await watching_.wait({options_.silence.nanoseconds / silence_parts});
        silent_parts = heard_ || reader_waits() ? 0 : silent_parts + 1;
        heard_ = false;
        if (silent_parts >= silence_parts) {
            close(Error(ErrorCode::connection_lost,
                        "nothing was heard from " + options_.peer + " for " +
                            std::to_string(options_.silence.nanoseconds / 1'000'000) + " ms"),
                  false);
        }
    }
    ended();
}

// The last coroutine leaves nothing behind that would wait.
void AsioLane::Core::ended() {
    if (--running_ == 0) {
        last_words_.reset();
    }
}

}  // namespace farshore::connection
