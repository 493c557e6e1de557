#include "agent/session/control_channel.hpp"

#include <algorithm>
#include <chrono>
#include <exception>

#include "agent/runtime/sleeper.hpp"

namespace farshore::session {

namespace {

// How often a reading thread looks whether it shall stop when nothing arrives.
constexpr Duration read_turn = Duration::from_ms(200);
// A third of the silence after which a lane is given up.
constexpr Duration longest_ping_interval = Duration::from_ms(5'000);

}  // namespace

ControlChannel::ControlChannel(std::shared_ptr<connection::Lane> lane, Clock& clock,
                               ChannelCallbacks callbacks)
    : lane_(std::move(lane)), clock_(clock), callbacks_(std::move(callbacks)) {}

ControlChannel::~ControlChannel() {
    stop();
}

void ControlChannel::start(Duration wanted) {
    const Duration ping_interval = std::min(wanted, longest_ping_interval);
    tasks_.start("control read", [this](const runtime::StopToken& stop) { read(stop); });
    tasks_.start("control serve", [this](const runtime::StopToken& stop) { serve_requests(stop); });
    tasks_.start("control ping", [this, ping_interval](const runtime::StopToken& stop) {
        ping(ping_interval, stop);
    });
}

void ControlChannel::stop() {
    lane_->close(Error(ErrorCode::cancelled, "the session was ended here"));
    requests_.close();
    tasks_.request_stop();
    tasks_.join();
    fail_waiting(Error(ErrorCode::connection_lost, "the session has ended"));
}

Error ControlChannel::wait_closed() {
    return closed_.get_future().get();
}

void ControlChannel::read(const runtime::StopToken& stop) {
    Error reason(ErrorCode::cancelled, "the session was ended here");
    try {
        while (!stop.stop_requested()) {
            std::optional<Frame> frame = lane_->receive(read_turn);
            if (frame) {
                handle(std::move(*frame));
            }
        }
    } catch (const Error& error) {
        reason = error;
    } catch (const std::exception& exception) {
        reason = Error(ErrorCode::internal, exception.what());
    }
    lane_->close(reason);
    requests_.close();
    fail_waiting(reason);
}

void ControlChannel::handle(Frame frame) {
    switch (frame.kind) {
        case MessageKind::ping:
            answer_ping(frame);
            break;
        case MessageKind::pong:
            take_pong(frame);
            break;
        case MessageKind::reply:
            take_reply(frame);
            break;
        case MessageKind::request:
            if (!requests_.try_push(std::move(frame))) {
                throw Error(ErrorCode::too_large, "the peer asks faster than it can be answered");
            }
            break;
        case MessageKind::goodbye:
            throw Error(ErrorCode::connection_lost,
                        "the peer ended the session: " + from_frame<Goodbye>(frame).reason);
        default:
            callbacks_.frame(std::move(frame));
    }
}

void ControlChannel::answer_ping(const Frame& frame) {
    const ClockReading now = clock_.read();
    const auto ping = from_frame<Ping>(frame);
    connection::send(*lane_, Pong{.number = ping.number,
                                  .sent = ping.sent,
                                  .received = now.boot,
                                  .answered = now.boot,
                                  .answered_utc = now.utc,
                                  .utc_error = now.utc_error});
}

void ControlChannel::take_pong(const Frame& frame) {
    const ClockReading now = clock_.read();
    const auto pong = from_frame<Pong>(frame);
    callbacks_.sample(ClockSample{.asked = pong.sent,
                                  .peer_received = pong.received,
                                  .peer_answered = pong.answered,
                                  .returned = now.boot,
                                  .peer_utc = pong.answered_utc,
                                  .peer_utc_error = pong.utc_error,
                                  .our_utc = now.utc});
}

void ControlChannel::take_reply(const Frame& frame) {
    auto reply = from_frame<Reply>(frame);
    std::promise<Result<std::string>> asked;
    {
        const std::lock_guard lock(mutex_);
        const auto found = waiting_.find(reply.number);
        if (found == waiting_.end()) {
            return;  // whoever asked has given up waiting
        }
        asked = std::move(found->second);
        waiting_.erase(found);
    }
    if (reply.error) {
        asked.set_value(Error(*reply.error, reply.json));
    } else {
        asked.set_value(std::move(reply.json));
    }
}

std::string ControlChannel::answer(const Request& request) {
    std::string json = callbacks_.request(request.verb, request.json);
    if (json.size() > Reply::most_json_bytes) {
        throw Error(ErrorCode::too_large, "the answer to " + request.verb + " has " +
                                              std::to_string(json.size()) +
                                              " bytes, more than a message holds");
    }
    return json;
}

void ControlChannel::serve_requests(const runtime::StopToken& stop) {
    while (std::optional<Frame> frame = requests_.pop(stop)) {
        Request request;
        try {
            request = from_frame<Request>(*frame);
        } catch (const Error& error) {
            lane_->close(error);  // so that both sides learn why
            return;
        }
        Reply reply{.number = request.number, .last = true, .error = {}, .json = {}};
        try {
            reply.json = answer(request);
        } catch (const Error& error) {
            reply.error = error.code();
            reply.json = error.message().substr(0, limits::text);
        }
        try {
            connection::send(*lane_, reply);
        } catch (const Error&) {
            return;  // the lane is closed: the reading thread knows why
        }
    }
}

void ControlChannel::ping(Duration interval, const runtime::StopToken& stop) {
    runtime::SystemSleeper sleeper;
    std::uint64_t number = 0;
    try {
        do {
            connection::send(*lane_, Ping{.number = ++number, .sent = clock_.boot_now()});
        } while (sleeper.sleep(interval, stop));
    } catch (const Error&) {
        return;  // the lane is closed: the reading thread knows why
    }
}

std::string ControlChannel::ask(const std::string& verb, const std::string& json,
                                Duration timeout) {
    std::future<Result<std::string>> answer;
    std::uint64_t number = 0;
    {
        const std::lock_guard lock(mutex_);
        if (closed_said_) {
            throw Error(ErrorCode::connection_lost, "the session has ended");
        }
        number = next_number_++;
        answer = waiting_[number].get_future();
    }
    connection::send(*lane_, Request{.number = number, .verb = verb, .json = json});
    if (answer.wait_for(std::chrono::nanoseconds(timeout.nanoseconds)) !=
        std::future_status::ready) {
        const std::lock_guard lock(mutex_);
        waiting_.erase(number);
        throw Error(ErrorCode::timeout, "the peer did not answer \"" + verb + "\" in time");
    }
    return answer.get().take();
}

void ControlChannel::fail_waiting(const Error& reason) {
    std::map<std::uint64_t, std::promise<Result<std::string>>> waiting;
    {
        const std::lock_guard lock(mutex_);
        waiting.swap(waiting_);
        if (!closed_said_) {
            closed_said_ = true;
            closed_.set_value(reason);
        }
    }
    for (auto& [number, promise] : waiting) {
        promise.set_value(reason);
    }
}

}  // namespace farshore::session
