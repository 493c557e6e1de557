#pragma once
// `bandwidth_limit`: so many bytes a second on all bulk lanes together.

#include <cstdint>
#include <mutex>

#include "protocol/time.hpp"

namespace farshore::primary {

// Small files go before large ones: they may overdraw by a moment's worth, large ones wait until
// that is paid back.
enum class Urgency : std::uint8_t { small, large };

// Bytes are charged when they were sent, as they are on the wire: so the limit holds over time,
// whatever compression does, and no frame is larger than what may be sent at once. Thread-safe.
class BandwidthLimit {
  public:
    // 0: none.
    BandwidthLimit(Clock& clock, std::uint64_t bytes_per_second);

    void sent(std::uint64_t bytes);
    // How long to wait before more is sent; 0: nothing. Ask again after it.
    [[nodiscard]] Duration wait(Urgency urgency);

  private:
    Clock& clock_;
    const std::uint64_t rate_;
    std::mutex mutex_;
    BootTime filled_;
    double balance_ = 0;  // bytes; below 0 is owed
};

}  // namespace farshore::primary
