#include "agent/primary/gap_board.hpp"

#include <algorithm>

#include "protocol/mark.hpp"

namespace farshore::primary {

GapBoard::GapBoard(const std::string& state_file, const std::vector<AgentName>& peers, Clock& clock)
    : clock_(clock), state_(state_file), stored_(state_) {
    for (const storage::StoredGap& gap : stored_.standing()) {
        if (std::find(peers.begin(), peers.end(), gap.peer) != peers.end()) {
            gaps_[gap.id] = Known{.gap = gap};
        }
    }
}

// 0: there is none.
std::uint64_t GapBoard::find_open(const SourceName& database, const AgentName& peer,
                                  const std::string& what) const {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(gaps_.begin(), gaps_.end(), [&](const auto& known) {
        const storage::StoredGap& gap = known.second.gap;
        return !gap.closed && gap.database == database && gap.peer == peer && gap.what == what;
    });
    return found == gaps_.end() ? 0 : found->first;
}

bool GapBoard::open(const SourceName& database, const AgentName& peer, const std::string& what,
                    const std::string& reason) {
    const std::lock_guard writing(writing_);
    if (find_open(database, peer, what) != 0) {
        return false;
    }
    storage::StoredGap gap{.database = database,
                           .peer = peer,
                           .what = what,
                           .reason = reason,
                           .since = clock_.utc_now(),
                           .closed = std::nullopt};
    gap.id = stored_.open(gap);
    const std::lock_guard lock(mutex_);
    gaps_[gap.id] = Known{.gap = gap};
    return true;
}

void GapBoard::close(const SourceName& database, const AgentName& peer, const std::string& what) {
    const std::lock_guard writing(writing_);
    const std::uint64_t id = find_open(database, peer, what);
    if (id == 0) {
        return;
    }
    const Timestamp now = clock_.utc_now();
    stored_.close(id, now);
    const std::lock_guard lock(mutex_);
    const auto found = gaps_.find(id);
    found->second.gap.closed = now;
    if (found->second.gap.told) {
        gaps_.erase(found);
    }
}

bool GapBoard::is_open(const SourceName& database, const AgentName& peer) const {
    return !open_gaps(database, peer).empty();
}

bool GapBoard::has_table_gap(const SourceName& database, const AgentName& peer) const {
    const auto open = open_gaps(database, peer);
    return !open.empty() && !open.rbegin()->first.empty();
}

std::map<std::string, Gap> GapBoard::open_gaps(const SourceName& database,
                                               const AgentName& peer) const {
    const std::lock_guard lock(mutex_);
    std::map<std::string, Gap> open;
    for (const auto& [id, known] : gaps_) {
        const storage::StoredGap& gap = known.gap;
        if (gap.database == database && gap.peer == peer && !gap.closed) {
            open[gap.what] = {.reason = gap.reason, .since = gap.since, .id = id};
        }
    }
    return open;
}

std::vector<std::string> GapBoard::sentences(const SourceName& database) {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> sentences;
    for (auto& [id, known] : gaps_) {
        const storage::StoredGap& gap = known.gap;
        if (gap.database != database) {
            continue;
        }
        known.is_named = true;
        sentences.push_back("gap " + std::to_string(id) + gap_place(gap.what, gap.peer) +
                            to_rfc3339(gap.since) + ": " + gap.reason);
    }
    return sentences;
}

void GapBoard::told() {
    const std::lock_guard writing(writing_);
    std::vector<std::uint64_t> newly;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [id, known] : gaps_) {
            if (known.is_named && !known.gap.told) {
                newly.push_back(id);
            }
        }
    }
    if (newly.empty()) {
        return;
    }
    stored_.set_told(newly);
    const std::lock_guard lock(mutex_);
    for (const std::uint64_t id : newly) {
        const auto found = gaps_.find(id);
        found->second.gap.told = true;
        if (found->second.gap.closed) {
            gaps_.erase(found);
        }
    }
}

}  // namespace farshore::primary
