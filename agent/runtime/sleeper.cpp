#include "agent/runtime/sleeper.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace farshore::runtime {

bool SystemSleeper::sleep(Duration duration, const StopToken& stop) {
    std::mutex mutex;
    std::condition_variable_any woken;
    std::unique_lock lock(mutex);
    woken.wait_for(lock, stop, std::chrono::nanoseconds(duration.nanoseconds),
                   [] { return false; });
    return !stop.stop_requested();
}

}  // namespace farshore::runtime
