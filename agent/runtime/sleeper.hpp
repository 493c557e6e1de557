#pragma once
// Waiting comes in through here, so that tests do not have to wait.

#include "agent/runtime/stop_token.hpp"
#include "protocol/time.hpp"

namespace farshore::runtime {

class Sleeper {
  public:
    virtual ~Sleeper() = default;
    // Waits that long or until stop is requested; false when it was stop. A token without a source
    // never stops.
    [[nodiscard]] virtual bool sleep(Duration duration, const StopToken& stop) = 0;
};

// Thread-safe.
class SystemSleeper : public Sleeper {
  public:
    [[nodiscard]] bool sleep(Duration duration, const StopToken& stop) override;
};

}  // namespace farshore::runtime
