#pragma once
// What is behind a Listener: shared by its owner and the coroutines that shake hands.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "agent/connection/handshake.hpp"
#include "agent/connection/listener.hpp"
#include "agent/connection/session_roster.hpp"

namespace farshore::connection {

// Invariants: everything but the two mutexes and what they guard is for the network thread;
// after stop() has returned, `answer_`, the clock and the TLS context are not used any more.
class Listener::Core : public Abortable, public std::enable_shared_from_this<Listener::Core> {
  public:
    Core(Network& network, TlsContext& tls, Clock& clock, ListenOptions options, Answer answer);

    // Any thread.
    std::shared_ptr<Session> accept(Duration timeout);
    void stop();
    std::uint16_t port() const { return port_; }
    HandshakeFaults& faults() { return faults_; }

    // Network thread.
    void abort() override;
    static asio::awaitable<void> accept_connections(std::shared_ptr<Core> self);

  private:
    static asio::awaitable<void> serve(std::shared_ptr<Core> self,
                                       std::shared_ptr<Handshake> handshake);
    struct Answered {
        Welcome welcome;
        std::optional<Error> refusal;
    };
    static asio::awaitable<Answered> ask(std::shared_ptr<Core> self, Hello hello);

    asio::awaitable<void> shake_hands(Handshake& handshake, bool& secured);
    asio::awaitable<void> welcome_control(Handshake& handshake, Hello hello, std::uint16_t version);
    asio::awaitable<void> welcome_other(Handshake& handshake, const Hello& hello);
    void check_certificate(const std::set<std::string>& names, const std::string& peer) const;
    void check_hello(const Hello& hello, const std::set<std::string>& names) const;
    std::shared_ptr<AsioLane> make_lane(Handshake& handshake, const Hello& hello);
    void record(const std::string& peer, const Error& error);
    void hand_out(std::shared_ptr<Session> session);
    bool has_place();

    Network& network_;
    const std::shared_ptr<asio::io_context> context_;
    TlsContext& tls_;
    const ListenOptions options_;
    Answer answer_;
    HandshakeFaults faults_;

    tcp::acceptor acceptor_;
    std::uint16_t port_ = 0;
    Pause pause_;
    std::vector<std::weak_ptr<Handshake>> handshakes_;
    SessionRoster roster_;
    std::atomic<bool> aborted_ = false;  // by the network thread, under mutex_

    std::mutex answering_;  // held while answer_ runs
    bool stopped_ = false;
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<std::shared_ptr<Session>> sessions_;
};

}  // namespace farshore::connection
