#include "agent/primary/gap_board.hpp"

namespace farshore::primary {

bool GapBoard::open(const SourceName& database, const AgentName& peer, const std::string& what,
                    Gap gap) {
    const std::lock_guard lock(mutex_);
    Known& known = gaps_[Key{database, peer, what}];
    const bool is_new = known.gap.reason.empty() || known.is_closed;
    if (is_new) {
        known = Known{.gap = std::move(gap)};
    }
    return is_new;
}

void GapBoard::close(const SourceName& database, const AgentName& peer, const std::string& what) {
    const std::lock_guard lock(mutex_);
    const auto found = gaps_.find(Key{database, peer, what});
    if (found == gaps_.end()) {
        return;
    }
    found->second.is_closed = true;
    if (found->second.is_told) {
        gaps_.erase(found);
    }
}

bool GapBoard::is_open(const SourceName& database, const AgentName& peer) const {
    return !open_gaps(database, peer).empty();
}

std::map<std::string, Gap> GapBoard::open_gaps(const SourceName& database,
                                               const AgentName& peer) const {
    const std::lock_guard lock(mutex_);
    std::map<std::string, Gap> open;
    for (const auto& [key, known] : gaps_) {
        if (key.database == database && key.peer == peer && !known.is_closed) {
            open[key.what] = known.gap;
        }
    }
    return open;
}

std::vector<std::string> GapBoard::sentences(const SourceName& database) {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> sentences;
    for (auto& [key, known] : gaps_) {
        if (key.database != database) {
            continue;
        }
        known.is_named = true;
        const std::string of = key.what.empty() ? "" : " in table " + key.what;
        sentences.push_back("gap" + of + " on " + key.peer.str() + " since " +
                            to_rfc3339(known.gap.since) + ": " + known.gap.reason);
    }
    return sentences;
}

void GapBoard::told() {
    const std::lock_guard lock(mutex_);
    for (auto each = gaps_.begin(); each != gaps_.end();) {
        Known& known = each->second;
        known.is_told = known.is_told || known.is_named;
        each = known.is_closed && known.is_told ? gaps_.erase(each) : std::next(each);
    }
}

}  // namespace farshore::primary
