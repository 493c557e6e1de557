#pragma once
// The control lane of a session, the part that is the same at both ends: pings and their answers,
// requests and their replies. Every other frame goes to the role.

#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "agent/connection/session.hpp"
#include "agent/runtime/bounded_queue.hpp"
#include "agent/runtime/task_group.hpp"
#include "protocol/time.hpp"

namespace farshore::session {

// One answered ping: when we asked and got the answer (our clock), when the peer received it and
// answered (its clock).
struct ClockSample {
    BootTime asked;
    BootTime peer_received;
    BootTime peer_answered;
    BootTime returned;
    Timestamp peer_utc;  // at peer_answered
    std::optional<Duration> peer_utc_error;
    Timestamp our_utc;  // at returned
};

struct ChannelCallbacks {
    // A frame that is the role's matter; on the reading thread, so it must not wait for the peer.
    std::function<void(Frame)> frame;
    // An answered ping; on the reading thread.
    std::function<void(const ClockSample&)> sample;
    // A request of the peer: JSON in, JSON out, or throws Error; on a thread of its own, one at a
    // time.
    std::function<std::string(const std::string& verb, const std::string& json)> request;
};

// Invariants: after the lane is closed every waiting ask() ends with the Error it was closed with;
// no callback is running when stop() has returned.
class ControlChannel {
  public:
    ControlChannel(std::shared_ptr<connection::Lane> lane, Clock& clock,
                   ChannelCallbacks callbacks);
    ~ControlChannel();
    ControlChannel(const ControlChannel&) = delete;
    ControlChannel& operator=(const ControlChannel&) = delete;

    // Starts reading, answering and asking for the time every `wanted`, and often enough for the
    // lane never to be silent.
    void start(Duration wanted);
    // Waits until the lane is closed, by either side; the Error says why.
    [[nodiscard]] Error wait_closed();
    // Closes the lane and waits for the threads.
    void stop();

    // Asks the peer; the reply's JSON. Throws the peer's Error, timeout, or what closed the lane.
    [[nodiscard]] std::string ask(const std::string& verb, const std::string& json,
                                  Duration timeout);
    [[nodiscard]] connection::Lane& lane() { return *lane_; }

  private:
    void read(const runtime::StopToken& stop);
    void handle(Frame frame);
    void answer_ping(const Frame& frame);
    void take_pong(const Frame& frame);
    void take_reply(const Frame& frame);
    [[nodiscard]] std::string answer(const Request& request);
    void serve_requests(const runtime::StopToken& stop);
    void ping(Duration interval, const runtime::StopToken& stop);
    void fail_waiting(const Error& reason);

    std::shared_ptr<connection::Lane> lane_;
    Clock& clock_;
    ChannelCallbacks callbacks_;
    runtime::BoundedQueue<Frame> requests_{16};
    std::mutex mutex_;
    // Who waits for which reply. Results rather than exceptions: an exception_ptr that one thread
    // sets and another takes is counted where ThreadSanitizer does not see it.
    std::map<std::uint64_t, std::promise<Result<std::string>>> waiting_;
    std::uint64_t next_number_ = 1;
    std::promise<Error> closed_;
    bool closed_said_ = false;
    runtime::TaskGroup tasks_;
};

}  // namespace farshore::session
