#pragma once
// A flag that a thread can wait for together with a socket.

#include "protocol/time.hpp"

namespace farshore::postgres {

// Every call is thread-safe.
class WakeEvent {
  public:
    WakeEvent();
    ~WakeEvent();
    WakeEvent(const WakeEvent&) = delete;
    WakeEvent& operator=(const WakeEvent&) = delete;

    void set();
    void clear();
    [[nodiscard]] bool is_set() const;
    // Waits until it is set, `timeout` at most; says whether it is.
    bool wait(Duration timeout) const;
    // Readable while it is set.
    [[nodiscard]] int descriptor() const { return descriptor_; }

  private:
    int descriptor_;
};

}  // namespace farshore::postgres
