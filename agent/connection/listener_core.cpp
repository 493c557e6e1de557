#include "agent/connection/listener_core.hpp"

#include <algorithm>

#include "agent/runtime/log.hpp"

namespace farshore::connection {

namespace {

// When there are no descriptors left, trying again at once would only burn the processor.
constexpr Duration accept_pause = Duration::from_ms(100);

tcp::endpoint to_endpoint(asio::io_context& context, const Address& address) {
    boost::system::error_code error;
    tcp::resolver resolver(context);
    const auto found =
        resolver.resolve(address.host, std::to_string(address.port), tcp::resolver::passive, error);
    if (error || found.empty()) {
        throw Error(ErrorCode::bad_config,
                    "cannot listen at " + address.str() + ": " + error.message());
    }
    return found.begin()->endpoint();
}

std::string address_of(TlsStream& stream) {
    boost::system::error_code error;
    const tcp::endpoint endpoint = stream.next_layer().remote_endpoint(error);
    return error ? "an unknown address" : endpoint.address().to_string();
}

}  // namespace

Listener::Core::Core(Network& network, TlsContext& tls, Clock& clock, ListenOptions options,
                     Answer answer)
    : network_(network),
      context_(network.context()),
      tls_(tls),
      options_(std::move(options)),
      answer_(std::move(answer)),
      faults_(clock),
      acceptor_(*context_),
      pause_(*context_),
      roster_(context_, options_.handshake_timeout) {
    const Address address = parse_address(options_.address).take();
    const tcp::endpoint endpoint = to_endpoint(*context_, address);
    boost::system::error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) {
        acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    }
    if (!error) {
        acceptor_.bind(endpoint, error);
    }
    if (!error) {
        acceptor_.listen(asio::socket_base::max_listen_connections, error);
    }
    if (error) {
        throw Error(ErrorCode::io, "cannot listen at " + address.str() + ": " + error.message());
    }
    port_ = acceptor_.local_endpoint().port();
}

std::shared_ptr<Session> Listener::Core::accept(Duration timeout) {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, to_chrono(timeout), [this] {
        std::erase_if(sessions_, [](const auto& session) { return session->control->is_closed(); });
        return !sessions_.empty();
    });
    if (sessions_.empty()) {
        return nullptr;
    }
    auto session = std::move(sessions_.front());
    sessions_.pop_front();
    return session;
}

void Listener::Core::hand_out(std::shared_ptr<Session> session) {
    faults_.clear(session->peer.str());
    const std::lock_guard lock(mutex_);
    sessions_.push_back(std::move(session));
    arrived_.notify_one();
}

void Listener::Core::stop() {
    asio::post(*context_, [self = shared_from_this()] { self->abort(); });
    {
        const std::lock_guard lock(answering_);
        stopped_ = true;
    }
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return aborted_.load(); });
}

void Listener::Core::abort() {
    {
        const std::lock_guard lock(mutex_);
        aborted_ = true;
    }
    arrived_.notify_all();
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    pause_.end();
    for (const auto& weak : handshakes_) {
        if (const auto handshake = weak.lock()) {
            handshake->abort();
        }
    }
    roster_.clear();
}

void Listener::Core::record(const std::string& peer, const Error& error) {
    if (!aborted_ && faults_.record(peer, error)) {
        log::warning("no session with {}: {}: {}", peer, error.name(), error.message());
    }
}

bool Listener::Core::has_place() {
    std::erase_if(handshakes_, [](const auto& weak) { return weak.expired(); });
    return handshakes_.size() < options_.most_handshakes;
}

asio::awaitable<void> Listener::Core::accept_connections(std::shared_ptr<Core> self) {
    while (!self->aborted_) {
        auto handshake = std::make_shared<Handshake>(self->context_, self->tls_, "");
        boost::system::error_code error;
        co_await self->acceptor_.async_accept(handshake->stream().next_layer(),
                                              asio::redirect_error(asio::use_awaitable, error));
        if (error) {
            co_await self->pause_.wait(self->aborted_ ? Duration{} : accept_pause);
            continue;
        }
        handshake->set_peer(address_of(handshake->stream()));
        if (!self->has_place()) {
            self->record(handshake->peer(),
                         Error(ErrorCode::too_large, "too many connections are shaking hands"));
            continue;
        }
        self->handshakes_.push_back(handshake);
        self->network_.launch(serve(self, std::move(handshake)));
    }
}

asio::awaitable<void> Listener::Core::serve(std::shared_ptr<Core> self,
                                            std::shared_ptr<Handshake> handshake) {
    const Deadline deadline(*self->context_, self->options_.handshake_timeout, [&] {
        handshake->expire(Error(
            ErrorCode::timeout,
            "no complete handshake within " +
                std::to_string(self->options_.handshake_timeout.nanoseconds / 1'000'000) + " ms"));
    });
    bool secured = false;
    std::optional<Error> failure;
    try {
        set_options(handshake->stream());
        co_await self->shake_hands(*handshake, secured);
    } catch (const Error& error) {
        failure = error;
    }
    if (failure) {
        self->record(handshake->peer(), *failure);
        if (handshake->is_released()) {
            co_return;  // its lane has said why
        }
        if (secured) {
            co_await handshake->refuse(*failure);
        } else {
            co_await handshake->linger();
        }
    }
}

asio::awaitable<void> Listener::Core::shake_hands(Handshake& handshake, bool& secured) {
    co_await handshake.shake_hands(asio::ssl::stream_base::server);
    secured = true;
    const std::set<std::string> names = peer_names(handshake.stream());
    check_certificate(names, handshake.peer());
    const Frame frame = co_await handshake.read();
    auto [hello, version] = read_hello(frame);
    check_hello(hello, names);
    handshake.set_peer(hello.agent.str());
    if (hello.lane == LaneKind::control) {
        co_await welcome_control(handshake, std::move(hello), version);
    } else {
        co_await welcome_other(handshake, hello);
    }
}

void Listener::Core::check_certificate(const std::set<std::string>& names,
                                       const std::string& peer) const {
    const bool known =
        std::any_of(options_.peers.begin(), options_.peers.end(),
                    [&names](const AgentName& name) { return names.contains(name.str()); });
    if (!known) {
        throw Error(ErrorCode::wrong_peer,
                    "the certificate of " + peer + " is of " +
                        (names.empty() ? std::string("nobody") : *names.begin()) +
                        ", who is no peer of this agent");
    }
}

void Listener::Core::check_hello(const Hello& hello, const std::set<std::string>& names) const {
    const auto& peers = options_.peers;
    if (!names.contains(hello.agent.str()) ||
        std::find(peers.begin(), peers.end(), hello.agent) == peers.end()) {
        throw Error(ErrorCode::wrong_peer, "the certificate of " + *names.begin() +
                                               " is not that of agent " + hello.agent.str());
    }
    if (hello.stream != options_.stream) {
        throw Error(ErrorCode::wrong_peer, "agent " + hello.agent.str() + " is of stream " +
                                               hello.stream.str() + ", this one of " +
                                               options_.stream.str());
    }
}

// On the worker's thread; the answer goes to the network's as a value, not as an exception.
asio::awaitable<Listener::Core::Answered> Listener::Core::ask(std::shared_ptr<Core> self,
                                                              Hello hello) {
    Answered answered;
    const std::lock_guard lock(self->answering_);
    try {
        if (self->stopped_) {
            throw Error(ErrorCode::cancelled, "the listener is being shut down");
        }
        answered.welcome = self->answer_(hello, hello.agent);
    } catch (const Error& error) {
        answered.refusal = error;
    } catch (const std::exception& exception) {
        answered.refusal = Error(ErrorCode::internal, exception.what());
    }
    co_return answered;
}

asio::awaitable<void> Listener::Core::welcome_control(Handshake& handshake, Hello hello,
                                                      std::uint16_t version) {
    roster_.replace(hello.agent);
    auto asking = ask(shared_from_this(), hello);
    const Answered answered =
        co_await asio::co_spawn(network_.worker(), std::move(asking), asio::use_awaitable);
    if (answered.refusal) {
        throw Error(*answered.refusal);
    }
    Welcome welcome = answered.welcome;
    welcome.version = version;
    const Frame frame = to_frame(welcome);
    co_await handshake.write(frame);
    roster_.replace(hello.agent);  // two may have come at once
    roster_.open(hello.agent, hello, welcome, make_lane(handshake, hello));
}

asio::awaitable<void> Listener::Core::welcome_other(Handshake& handshake, const Hello& hello) {
    const Welcome welcome = roster_.welcome_of(hello.agent, hello);
    const Frame frame = to_frame(welcome);
    co_await handshake.write(frame);
    auto session = roster_.join(hello.agent, hello, make_lane(handshake, hello));
    if (session) {
        hand_out(std::move(session));
    }
}

std::shared_ptr<AsioLane> Listener::Core::make_lane(Handshake& handshake, const Hello& hello) {
    const bool is_control = hello.lane == LaneKind::control;
    return std::make_shared<AsioLane>(
        network_, handshake.release(),
        LaneOptions{options_.compression, is_control ? options_.silence : Duration{},
                    hello.agent.str()});
}

}  // namespace farshore::connection
