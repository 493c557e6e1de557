#include "agent/connection/listener.hpp"

#include "agent/connection/listener_core.hpp"

namespace farshore::connection {

Listener::Listener(Network& network, TlsContext& tls, Clock& clock, ListenOptions options,
                   Answer answer)
    : core_(std::make_shared<Core>(network, tls, clock, std::move(options), std::move(answer))) {
    network.add(core_);
    network.launch(Core::accept_connections(core_));
}

Listener::~Listener() {
    core_->stop();
}

std::shared_ptr<Session> Listener::accept(Duration timeout) {
    return core_->accept(timeout);
}

std::uint16_t Listener::port() const {
    return core_->port();
}

HandshakeFaults& Listener::faults() {
    return core_->faults();
}

}  // namespace farshore::connection
