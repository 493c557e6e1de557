// What can be asked of the primary while it runs: figures, flush, publish.

#include <algorithm>
#include <chrono>

#include "agent/primary/primary.hpp"
#include "agent/runtime/log.hpp"

namespace farshore::primary {

bool Primary::is_as_of(const std::optional<MarkFacts>& mark, const FlushWish& wish) {
    return mark && mark->mark > wish.before &&
           std::all_of(mark->sources.begin(), mark->sources.end(), [&](const auto& source) {
               return source.second.as_of_boot && *source.second.as_of_boot >= wish.since;
           });
}

// All that was changed before the call is in this mark.
bool Primary::covers(const std::optional<MarkFacts>& mark, const FlushWish& wish) {
    if (!is_as_of(mark, wish)) {
        return false;
    }
    return !mark->pending_noticed ||
           (wish.noticed_by && *mark->pending_noticed >= *wish.noticed_by);
}

std::optional<Epoch> Primary::epoch() const {
    const std::lock_guard lock(mutex_);
    return epoch_;
}

std::vector<NamedPeer> Primary::peers() const {
    std::vector<NamedPeer> all;
    for (const auto& link : links_) {
        all.push_back({link->name(), link->view()});
    }
    return all;
}

DatabaseFacts Primary::database(const SourceName& name) const {
    const auto watch = watches_.find(name);
    return watch == watches_.end() ? DatabaseFacts{} : watch->second->facts();
}

std::optional<Mark> Primary::newest_mark() const {
    const std::lock_guard lock(mutex_);
    return newest_mark_;
}

std::vector<std::string> Primary::pending(const SourceName& tree) const {
    const std::lock_guard lock(mutex_);
    const auto found = pending_.find(tree);
    return found == pending_.end() ? std::vector<std::string>{} : found->second;
}

std::optional<PeerFault> Primary::fault() const {
    const std::lock_guard lock(mutex_);
    return fault_;
}

std::map<SourceName, PeerFault> Primary::refusals() const {
    const std::lock_guard lock(mutex_);
    return refusals_;
}

StreamPosition Primary::position(const SourceName& database) const {
    StreamPosition best;
    for (const auto& link : links_) {
        if (const auto open = link->session()) {
            StreamPosition position = open->position(database);
            if (best.system.empty() || position.lsn > best.lsn) {
                best = std::move(position);
            }
        }
    }
    return best;
}

TreeSource* Primary::tree(const SourceName& name) {
    for (const auto& tree : trees_) {
        if (tree->name() == name) {
            return tree.get();
        }
    }
    return nullptr;
}

std::shared_ptr<PeerSession> Primary::session(const AgentName& peer) const {
    for (const auto& link : links_) {
        if (link->name() == peer) {
            return link->session();
        }
    }
    return nullptr;
}

bool Primary::has_gap(const AgentName& peer) const {
    return std::any_of(watches_.begin(), watches_.end(),
                       [&](const auto& database) { return gaps_.is_open(database.first, peer); });
}

std::optional<MarkFacts> Primary::held_by_all(bool applied, const FlushWish& wish) const {
    std::optional<MarkFacts> first;
    for (const auto& link : links_) {
        const PeerView view = link->view();
        const auto& record = applied ? view.applied : view.received;
        // With a gap as_of stands still where it was when the gap was noticed: a call from before
        // that is no better held by such a mark.
        if (!record || has_gap(link->name())) {
            return std::nullopt;
        }
        const auto& mark =
            covers(record->newest_mark, wish) ? record->newest_mark : record->newest_complete_mark;
        if (!covers(mark, wish)) {
            return std::nullopt;
        }
        if (!first || mark->mark > first->mark) {
            first = mark;
        }
    }
    return first;
}

MarkFacts Primary::flush(bool until_applied, Duration timeout, const runtime::StopToken& stop) {
    const auto newest = history_.newest();
    FlushWish wish{
        .before = newest && newest->newest_mark ? newest->newest_mark->mark : MarkNumber(),
        .since = services_.clock.boot_now(),
        .noticed_by = std::nullopt};
    const BootTime until = wish.since + timeout;
    trigger_.demand_mark();
    std::unique_lock lock(mutex_);
    for (;;) {
        if (!wish.noticed_by && is_as_of(newest_facts_, wish)) {
            wish.noticed_by = services_.clock.boot_now();
        }
        if (const auto mark = held_by_all(until_applied, wish)) {
            return *mark;
        }
        const Duration left = until - services_.clock.boot_now();
        if (left.nanoseconds <= 0) {
            throw Error(ErrorCode::timeout,
                        "no mark that holds everything from before the call was " +
                            std::string(until_applied ? "applied" : "received") +
                            " by every secondary in time");
        }
        progress_.wait_for(lock, stop, std::chrono::nanoseconds(left.nanoseconds), [&] {
            return (!wish.noticed_by && is_as_of(newest_facts_, wish)) ||
                   held_by_all(until_applied, wish).has_value();
        });
        if (stop.stop_requested()) {
            throw Error(ErrorCode::cancelled, "the agent is stopping");
        }
    }
}

std::vector<storage::HeldBatch> Primary::held() const {
    storage::Database database(services_.state_file);
    return storage::HeldDeletions(database).batches();
}

std::vector<std::string> Primary::held_paths(std::uint64_t batch, std::size_t most) const {
    storage::Database database(services_.state_file);
    return storage::HeldDeletions(database).paths(batch, most);
}

std::uint64_t Primary::approve(std::uint64_t batch) {
    storage::Database database(services_.state_file);
    const auto approved = storage::HeldDeletions(database).approve(batch);
    if (!approved) {
        throw Error(ErrorCode::not_found,
                    "no deletions are held as batch " + std::to_string(batch));
    }
    log::warning("batch {}: {} deletions were approved", batch, *approved);
    for (const auto& tree : trees_) {
        tree->take_approved();
    }
    return *approved;
}

Primary::Published Primary::publish(Duration timeout) {
    const BootTime until = services_.clock.boot_now() + timeout;
    const auto before = history_.newest();
    const MarkNumber wanted =
        before && before->newest_mark ? before->newest_mark->mark.next() : MarkNumber(1);
    manifests_.demand();
    trigger_.demand_mark();
    const auto sequence = manifests_.wait_written(wanted, timeout);
    if (!sequence || !uploads_.wait_empty(until - services_.clock.boot_now())) {
        throw Error(ErrorCode::timeout, "the evidence up to now was not in the store in time");
    }
    return {.mark = manifests_.written(), .manifest = *sequence};
}

}  // namespace farshore::primary
