#include "agent/connection/handshake_faults.hpp"

#include <algorithm>

namespace farshore::connection {

bool HandshakeFaults::record(const std::string& peer, const Error& error) {
    const Timestamp now = clock_.utc_now();
    const BootTime boot_now = clock_.boot_now();
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(entries_.begin(), entries_.end(), [&peer](const Entry& entry) {
        return entry.fault.peer == peer;
    });
    Entry entry{{peer, error.code(), error.message(), now, now, 0}, boot_now, boot_now};
    bool worth_a_line = true;
    if (found != entries_.end()) {
        if (found->fault.code == error.code() && found->fault.message == error.message()) {
            entry = *found;
            worth_a_line = boot_now - entry.logged >= log_interval;
        }
        entries_.erase(found);
    }
    entry.fault.last = now;
    entry.last = boot_now;
    ++entry.fault.count;
    if (worth_a_line) {
        entry.logged = boot_now;
    }
    entries_.push_back(std::move(entry));
    if (entries_.size() > capacity) {
        entries_.pop_front();
    }
    return worth_a_line;
}

void HandshakeFaults::clear(const std::string& peer) {
    const std::lock_guard lock(mutex_);
    std::erase_if(entries_, [&peer](const Entry& entry) { return entry.fault.peer == peer; });
}

std::vector<HandshakeFault> HandshakeFaults::list() const {
    const BootTime now = clock_.boot_now();
    const std::lock_guard lock(mutex_);
    std::vector<HandshakeFault> faults;
    faults.reserve(entries_.size());
    for (const Entry& entry : entries_) {
        if (now - entry.last < kept) {
            faults.push_back(entry.fault);
        }
    }
    return faults;
}

}  // namespace farshore::connection
