#pragma once
// A lane over one TLS connection.

#include <functional>
#include <memory>
#include <string>

#include "agent/connection/lane.hpp"
#include "agent/connection/network.hpp"
#include "protocol/compression.hpp"

namespace farshore::connection {

struct LaneOptions {
    CompressionChoice compression;
    // The lane is closed when nothing was read for so long (up to a quarter longer) although there
    // was room for it; 0: never.
    Duration silence;
    std::string peer;  // for messages
};

// Frames are encoded on the thread that sends and opened on the thread that receives; the network
// thread only moves bytes. close() still sends what was queued, then a Goodbye with the reason, for
// 2 s at most; a Goodbye that comes in closes the lane with connection_lost and the peer's reason.
class AsioLane : public Lane {
  public:
    // The handshake is over: the next byte is a frame's first.
    AsioLane(Network& network, std::unique_ptr<TlsStream> stream, LaneOptions options);
    ~AsioLane() override;
    AsioLane(const AsioLane&) = delete;
    AsioLane& operator=(const AsioLane&) = delete;

    std::size_t send(Frame frame) override;
    [[nodiscard]] std::optional<Frame> receive(Duration timeout) override;
    void close(const Error& reason) override;
    [[nodiscard]] bool is_closed() const override;
    [[nodiscard]] std::size_t unsent_bytes() const override;

    // Called once, on any thread, when the lane is closed by whomever; at once when it is already.
    void on_close(std::function<void(const Error&)> call);

  private:
    class Core;
    std::shared_ptr<Core> core_;
};

}  // namespace farshore::connection
