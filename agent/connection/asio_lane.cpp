#include "agent/connection/asio_lane.hpp"

#include "agent/connection/lane_core.hpp"

namespace farshore::connection {

namespace {

template <typename Core>
asio::awaitable<void> hold(std::shared_ptr<Core> core, asio::awaitable<void> (Core::*part)()) {
    co_await (core.get()->*part)();
}

}  // namespace

AsioLane::AsioLane(Network& network, std::unique_ptr<TlsStream> stream, LaneOptions options)
    : core_(std::make_shared<Core>(network.context(), std::move(stream), std::move(options))) {
    network.add(core_);
    network.launch(hold(core_, &Core::read));
    network.launch(hold(core_, &Core::write));
    network.launch(hold(core_, &Core::watch));
}

AsioLane::~AsioLane() {
    close(Error(ErrorCode::cancelled, "the lane is no longer needed"));
}

std::size_t AsioLane::send(Frame frame) {
    return core_->send(frame);
}

std::optional<Frame> AsioLane::receive(Duration timeout) {
    return core_->receive(timeout);
}

void AsioLane::close(const Error& reason) {
    core_->close(reason, true);
}

bool AsioLane::is_closed() const {
    return core_->is_closed();
}

std::size_t AsioLane::unsent_bytes() const {
    return core_->unsent_bytes();
}

void AsioLane::on_close(std::function<void(const Error&)> call) {
    core_->on_close(std::move(call));
}

}  // namespace farshore::connection
