#include "agent/connection/dialer.hpp"

#include <future>
#include <utility>

#include "agent/connection/address.hpp"
#include "agent/connection/asio_lane.hpp"
#include "agent/connection/deadline.hpp"
#include "agent/connection/handshake.hpp"
#include "agent/connection/lane_group.hpp"
#include "protocol/version.hpp"
#include "protocol/wire_fields.hpp"

namespace farshore::connection {

namespace {

struct OpenedLane {
    Hello hello;
    Welcome welcome;
    std::unique_ptr<TlsStream> stream;
};

// A lane or why there is none. As a value: what is thrown on one thread and caught on another is
// more than the thread sanitizer can follow.
struct Opening {
    OpenedLane lane;
    std::optional<Error> failure;
};

std::string to_text(const std::set<std::string>& names) {
    std::string text;
    for (const std::string& name : names) {
        text += (text.empty() ? "" : ", ") + name;
    }
    return text.empty() ? "nobody" : text;
}

}  // namespace

// Everything that one dial() has under way. Invariants: after abort() whatever is and will be begun
// ends with Error(cancelled). abort() and open() are for the network thread.
class Dialer::Attempt : public Abortable {
  public:
    Attempt(std::shared_ptr<asio::io_context> context, TlsContext& tls, AgentName peer,
            Address address, Duration timeout)
        : context_(std::move(context)),
          tls_(tls),
          peer_(std::move(peer)),
          address_(std::move(address)),
          timeout_(timeout) {}

    void abort() override {
        aborted_ = true;
        for (const auto& weak : handshakes_) {
            if (const auto handshake = weak.lock()) {
                handshake->abort();
            }
        }
    }
    [[nodiscard]] const AgentName& peer() const { return peer_; }
    [[nodiscard]] std::string peer_text() const { return peer_.str() + " at " + address_.str(); }
    [[nodiscard]] const std::shared_ptr<asio::io_context>& context() const { return context_; }

    static asio::awaitable<Opening> open(std::shared_ptr<Attempt> self, Hello hello) {
        const auto handshake =
            std::make_shared<Handshake>(self->context_, self->tls_, self->peer_text());
        self->handshakes_.push_back(handshake);
        if (self->aborted_) {
            handshake->abort();
        }
        const Deadline deadline(*self->context_, self->timeout_, [&handshake, &self] {
            handshake->expire(Error(ErrorCode::timeout,
                                    "no answer from " + self->peer_text() + " within " +
                                        std::to_string(self->timeout_.nanoseconds / 1'000'000) +
                                        " ms"));
        });
        Opening opening;
        try {
            opening.lane.welcome = co_await self->shake_hands(*handshake, hello);
            opening.lane.hello = std::move(hello);
            opening.lane.stream = handshake->release();
            co_return opening;
        } catch (const Error& error) {
            opening.failure = error;
        }
        co_await handshake->linger();
        co_return opening;
    }

  private:
    asio::awaitable<Welcome> shake_hands(Handshake& handshake, const Hello& hello) {
        co_await handshake.connect(address_);
        co_await handshake.shake_hands(asio::ssl::stream_base::client);
        const std::set<std::string> names = peer_names(handshake.stream());
        if (!names.contains(peer_.str())) {
            const Error reason(ErrorCode::wrong_peer, address_.str() + " has the certificate of " +
                                                          to_text(names) + ", not of " +
                                                          peer_.str());
            co_await handshake.refuse(reason);
            throw Error(reason);
        }
        const Frame question = to_frame(hello);
        co_await handshake.write(question);
        const Frame answer = co_await handshake.read();
        Welcome welcome = read_welcome(answer, peer_text());
        if (welcome.agent != peer_) {
            throw Error(ErrorCode::wrong_peer, address_.str() + " says that it is " +
                                                   welcome.agent.str() + ", not " + peer_.str());
        }
        co_return welcome;
    }

    std::shared_ptr<asio::io_context> context_;
    TlsContext& tls_;
    AgentName peer_;
    Address address_;
    Duration timeout_;
    std::vector<std::weak_ptr<Handshake>> handshakes_;
    bool aborted_ = false;
};

Dialer::Dialer(Network& network, TlsContext& tls, Clock& clock, RandomBytes random,
               DialOptions options)
    : network_(network), tls_(tls), random_(std::move(random)), options_(options), faults_(clock) {}

SessionPtr Dialer::dial(const AgentName& peer, const std::string& address, Hello hello,
                        const runtime::StopToken& stop) {
    const auto attempt = std::make_shared<Attempt>(
        network_.context(), tls_, peer, parse_address(address).take(), options_.connect_timeout);
    network_.add(attempt);
    const std::stop_callback on_stop(
        stop, [&attempt] { asio::post(*attempt->context(), [attempt] { attempt->abort(); }); });
    try {
        SessionPtr session = open_session(attempt, std::move(hello));
        faults_.clear(peer.str());
        return session;
    } catch (const Error& error) {
        if (error.code() != ErrorCode::cancelled) {
            faults_.record(peer.str(), error);
        }
        throw;
    }
}

namespace {

// A Hello for each lane but control, which comes first by itself.
std::vector<Hello> other_lanes(const Hello& control) {
    std::vector<Hello> lanes;
    Hello hello = control;
    hello.trees.clear();
    hello.databases.clear();
    hello.lane = LaneKind::database;
    for (const SourceName& database : control.databases) {
        hello.database = database;
        lanes.push_back(hello);
    }
    hello.lane = LaneKind::bulk;
    hello.database.reset();
    for (std::uint16_t i = 0; i < control.bulk_lanes; ++i) {
        hello.bulk_index = i;
        lanes.push_back(hello);
    }
    return lanes;
}

OpenedLane wait_for(std::future<Opening> future) {
    Opening opening = future.get();
    if (opening.failure) {
        throw Error(*opening.failure);
    }
    return std::move(opening.lane);
}

// Waits for all, also when one fails; throws the first failure then.
std::vector<OpenedLane> wait_for_all(std::vector<std::future<Opening>> futures,
                                     const std::function<void()>& on_failure) {
    std::vector<OpenedLane> lanes;
    std::optional<Error> failure;
    for (auto& future : futures) {
        Opening opening = future.get();
        if (!opening.failure) {
            lanes.push_back(std::move(opening.lane));
        } else if (!failure) {
            failure = opening.failure;
            on_failure();
        }
    }
    if (failure) {
        throw Error(*failure);
    }
    return lanes;
}

}  // namespace

SessionPtr Dialer::open_session(const std::shared_ptr<Attempt>& attempt, Hello hello) {
    FARSHORE_ASSERT(hello.bulk_lanes > 0 && hello.bulk_lanes <= limits::bulk_lanes);
    hello.lowest_version = protocol_versions.lowest;
    hello.highest_version = protocol_versions.highest;
    hello.session_id = random_(wire::id_bytes);
    hello.lane = LaneKind::control;
    hello.bulk_index = 0;
    hello.database.reset();

    std::vector<OpenedLane> opened;
    opened.push_back(wait_for(network_.start(Attempt::open(attempt, hello))));
    std::vector<std::future<Opening>> futures;
    for (Hello& lane : other_lanes(hello)) {
        futures.push_back(network_.start(Attempt::open(attempt, std::move(lane))));
    }
    auto others = wait_for_all(std::move(futures), [&attempt] {
        asio::post(*attempt->context(), [attempt] { attempt->abort(); });
    });
    std::move(others.begin(), others.end(), std::back_inserter(opened));

    auto session = std::make_shared<Session>();
    session->peer = attempt->peer();
    session->hello = std::move(hello);
    session->welcome = opened.front().welcome;
    const auto group = std::make_shared<LaneGroup>();
    for (OpenedLane& lane : opened) {
        const bool is_control = lane.hello.lane == LaneKind::control;
        const auto made = std::make_shared<AsioLane>(
            network_, std::move(lane.stream),
            LaneOptions{options_.compression, is_control ? options_.silence : Duration{},
                        attempt->peer().str()});
        group->add(made);
        attach_lane(*session, lane.hello, made);
    }
    return session;
}

}  // namespace farshore::connection
