#include "agent/secondary/applier.hpp"

#include <algorithm>
#include <chrono>

#include "agent/runtime/backoff.hpp"
#include "agent/runtime/log.hpp"
#include "protocol/envelope.hpp"
#include "protocol/mark.hpp"

namespace farshore::secondary {

namespace {

constexpr Duration idle_look = Duration::from_ms(1'000);
constexpr Duration first_delay = Duration::from_ms(200);
constexpr Duration longest_delay = Duration::from_ms(5'000);
// What the retention of a tree gives back at once when its disk is full.
constexpr std::uint64_t room_at_once = 256ULL << 20;

}  // namespace

Applier::Applier(ApplierParts parts) : parts_(std::move(parts)) {
    for (const auto& [name, database] : parts_.databases) {
        appliers_[name] = std::make_unique<DatabaseApplier>(
            parts_.stream, database->config, database->spool, parts_.gathered_rows_bytes);
        // What was applied since the last mark, before this process began, was not seen.
        digests_[name] = std::nullopt;
    }
}

void Applier::wake() {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    changed_.notify_all();
}

bool Applier::is_eager(const ReplicaDatabase& database) const {
    return parts_.trees.empty() || database.config.ordering == config::RowOrdering::eager;
}

void Applier::wake_for_rows() {
    for (const auto& [name, database] : parts_.databases) {
        if (is_eager(*database)) {
            return wake();
        }
    }
}

void Applier::wait(Duration duration, const runtime::StopToken& stop) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, std::chrono::nanoseconds(duration.nanoseconds),
                      [this] { return woken_; });
    woken_ = false;
}

void Applier::run(const runtime::StopToken& stop) {
    const std::stop_callback ends(stop, [this] {
        for (const auto& [name, applier] : appliers_) {
            applier->stop();
        }
    });
    storage::SecondaryState state(parts_.state_file);
    runtime::Backoff backoff(first_delay, longest_delay, 1);
    while (!stop.stop_requested()) {
        try {
            keep_retention(state);
            const bool idle = !apply_next(state, stop);
            if (idle) {
                wait(idle_look, stop);
            }
            backoff.reset();
        } catch (const Error& error) {
            if (stop.stop_requested()) {
                return;
            }
            if (error.code() == ErrorCode::sync_failed || error.code() == ErrorCode::internal) {
                throw;
            }
            for (auto& [name, seen] : digests_) {
                seen.reset();  // the cut is applied again, and its rows told again
            }
            parts_.faults.raise("applying", error);
            if (error.code() == ErrorCode::disk_full) {
                for (const auto& [name, tree] : parts_.trees) {
                    tree->ask_for_room();
                }
            }
            wait(backoff.next(), stop);
        }
    }
}

bool Applier::apply_next(storage::SecondaryState& state, const runtime::StopToken& stop) {
    const std::lock_guard applying(applying_);
    const auto cut = state.next_to_apply();
    if (!cut) {
        apply_ahead(state);
        return false;
    }
    apply(state, *cut, stop);
    parts_.faults.clear("applying");
    return true;
}

// What has come behind the last cut. Whether it is received is not asked: should it be lost here,
// it comes again, and farshore.progress knows it.
void Applier::apply_ahead(storage::SecondaryState& state) {
    for (const auto& [name, followed] : parts_.databases) {
        const auto& database = followed;  // a lambda may not capture a binding
        {
            const std::lock_guard lock(mutex_);
            if (!is_eager(*database) || stop_points_.contains(name)) {
                continue;
            }
        }
        const std::unique_lock turn(database->turn, std::try_to_lock);
        if (!turn || database->spool.last_commit().is_zero()) {
            continue;
        }
        const storage::DatabaseState standing = state.databases()[name];
        if (standing.standing.copied) {
            DatabaseApplier& applier = *appliers_.at(name);
            applier.expect(standing.committed);
            try {
                applier.apply_ahead(standing.applied.spool_end, standing.applied.lsn,
                                    [&] { return database->waiting.load() > 0; });
            } catch (const Error& error) {
                tell_altered(name, error);
                throw;
            }
        }
    }
}

void Applier::apply(storage::SecondaryState& state, const storage::ReceivedCut& cut,
                    const runtime::StopToken& stop) {
    std::vector<std::unique_ptr<Retention>> retentions;
    std::vector<std::unique_ptr<TreeApplier>> trees;
    for (const auto& [name, tree] : parts_.trees) {
        tree->require_ours(state, parts_.random);
        retentions.push_back(std::make_unique<Retention>(parts_.files, tree->root(), state.index(),
                                                         name, tree->retention()));
        retentions.back()->begin(state.standing().epoch, cut.cut, parts_.clock.utc_now());
        trees.push_back(std::make_unique<TreeApplier>(parts_.files, tree->root(), tree->staging(),
                                                      state.index(), name,
                                                      retentions.back().get()));
    }
    for (const auto& tree : trees) {
        tree->apply_files(cut.cut);
    }
    apply_rows(state, cut, stop);
    for (const auto& tree : trees) {
        tree->apply_removals(cut.cut);
    }
    for (const auto& tree : trees) {
        tree->sync();
    }
    for (const auto& tree : trees) {
        tree->settle(cut.cut);
    }
    for (const auto& tree : trees) {
        tell(*tree);
    }
    finish(state, cut);
}

// What was found otherwise than we had left it, each time; what can't be kept here (the rights for
// it were named at the start), once.
void Applier::tell(const TreeApplier& tree) {
    const Noted& altered = tree.report().altered;
    const Noted& not_kept = tree.report().not_kept;
    if (altered.count() > 0) {
        log::warning("{}: {} paths were not as they had been left: {}", tree.tree().str(),
                     altered.count(), altered.first().front());
    }
    if (not_kept.count() > 0 && told_not_kept_.insert(tree.tree()).second) {
        log::warning("{}: not all of {} can be kept here, nor of others like it", tree.tree().str(),
                     not_kept.first().front());
    }
}

void Applier::apply_rows(storage::SecondaryState& state, const storage::ReceivedCut& cut,
                         const runtime::StopToken& stop) {
    for (const auto& [name, point] : cut.databases) {
        apply_database(state, name, point, stop);
    }
}

void Applier::apply_database(storage::SecondaryState& state, const SourceName& name,
                             const storage::DatabasePoint& point, const runtime::StopToken& stop) {
    const auto found = parts_.databases.find(name);
    if (found == parts_.databases.end()) {
        return;
    }
    StopPoint stop_point;
    {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, stop, [&] {
            const auto held = stop_points_.find(name);
            return held == stop_points_.end() || held->second.lsn.has_value();
        });
        if (stop.stop_requested()) {
            throw Error(ErrorCode::cancelled, "the agent is stopping");
        }
        const auto held = stop_points_.find(name);
        if (held != stop_points_.end() && *held->second.lsn <= point.lsn) {
            stop_point = std::move(held->second);
            stop_points_.erase(held);
        }
    }
    const std::lock_guard turn(found->second->turn);
    const storage::DatabaseState standing = state.databases()[name];
    storage::SpoolPosition begin = standing.applied.spool_end;
    // A first copy that came after this cut was received holds the cut's rows already; but no
    // values of sequences.
    const bool has_more = point.lsn > standing.applied.lsn || !point.sequences.empty();
    appliers_.at(name)->expect(standing.committed);
    std::optional<Seen>& seen = digests_[name];
    // A copy has come in between: of what was before it nothing is told.
    if (seen && (!standing.standing.copied || seen->end != standing.applied.lsn)) {
        seen.reset();
    }
    if (standing.standing.copied && has_more) {
        if (stop_point.lsn) {
            const storage::SpoolPosition end = found->second->spool.position_at(*stop_point.lsn);
            apply_range(name, {.begin = begin, .end = end, .lsn = *stop_point.lsn});
            stop_point.there();
            stop_point.there = nullptr;
            begin = end;
        }
        apply_range(name, {.begin = begin,
                           .end = std::max(begin, point.spool_end),
                           .lsn = point.lsn,
                           .sequences = point.sequences});
    } else if (standing.standing.copied) {
        learn_set_aside(name);
    }
    if (seen) {
        seen->end = std::max(point.lsn, standing.applied.lsn);
    }
    if (stop_point.there) {
        stop_point.there();
    }
}

void Applier::apply_range(const SourceName& name, const ApplyRange& range) {
    std::optional<Seen>& seen = digests_[name];
    try {
        appliers_.at(name)->apply_up_to(range, [&](Lsn, const Digest& sha256) {
            if (seen) {
                seen->sha256.update(std::as_bytes(std::span(sha256.bytes)));
            }
        });
    } catch (const Error& error) {
        seen.reset();  // the range will be told again from its beginning
        tell_altered(name, error);
        throw;
    }
}

// Every mark of the cut says that this secondary lacks something in each of the tables.
bool Applier::is_named(const SourceName& database, const SetAsideTables& tables,
                       const storage::ReceivedCut& cut) const {
    return cut.is_mark &&
           std::all_of(cut.marks.begin(), cut.marks.end(), [&](const storage::ArrivedMark& mark) {
               const auto payload = read_envelope_payload(mark.envelope, payload_type::mark);
               const auto parsed =
                   payload ? parse_mark(payload.value()) : Result<Mark>(Error(payload.error()));
               if (!parsed || !parsed.value().sources.contains(database)) {
                   return false;
               }
               const auto* said = std::get_if<DatabaseMark>(&parsed.value().sources.at(database));
               return said != nullptr &&
                      std::all_of(tables.begin(), tables.end(), [&](const auto& table) {
                          return names_gap(*said, to_text(table.first), parts_.agent);
                      });
           });
}

storage::AppliedClaim Applier::claim_of(storage::SecondaryState& state,
                                        const storage::ReceivedCut& cut) {
    storage::AppliedClaim claim = storage::AppliedClaim::marks;
    for (const auto& [name, applier] : appliers_) {
        if (!applier->set_aside() && state.databases()[name].standing.copied) {
            const std::lock_guard turn(parts_.databases.at(name)->turn);
            applier->expect(state.databases()[name].committed);
            learn_set_aside(name);
        }
        const auto tables = applier->set_aside();
        if (!tables || tables->empty()) {
            continue;
        }
        digests_[name].reset();  // not all of the mark's transactions are in the replica
        if (!is_named(name, *tables, cut)) {
            claim = storage::AppliedClaim::nothing;
        }
    }
    return claim;
}

void Applier::learn_set_aside(const SourceName& name) {
    try {
        appliers_.at(name)->learn_set_aside();
    } catch (const Error& error) {
        tell_altered(name, error);
        throw;
    }
}

void Applier::tell_altered(const SourceName& name, const Error& error) const {
    if (error.code() == ErrorCode::replica_altered && parts_.on_altered) {
        parts_.on_altered(name, error);
    }
}

void Applier::finish(storage::SecondaryState& state, const storage::ReceivedCut& cut) {
    const storage::AppliedClaim claim = claim_of(state, cut);
    std::map<SourceName, Digest> trees;
    for (const auto& [name, tree] : parts_.trees) {
        trees[name] = state.index().totals(name).digest.value();
    }
    std::map<SourceName, Digest> sources = trees;
    if (cut.is_mark) {
        const auto databases = state.databases();
        for (auto& [name, seen] : digests_) {
            const auto point = cut.databases.find(name);
            const bool is_told = point != cut.databases.end();
            // Only from one mark to the very next, and all of it seen, is the digest the mark's
            // own.
            if (seen && is_told && cut.marks.size() == 1) {
                sources[name] = seen->sha256.finish();
            }
            seen.reset();
            // A copy that is not there yet, or is ahead of the mark, does not begin with it.
            if (is_told && databases.contains(name) && databases.at(name).standing.copied &&
                databases.at(name).applied.lsn <= point->second.lsn) {
                seen.emplace(Seen{.sha256 = {}, .end = point->second.lsn});
            }
        }
    }
    std::map<SourceName, Lsn> committed;
    for (const auto& [name, applier] : appliers_) {
        if (!applier->progress().is_zero() && state.databases()[name].standing.copied) {
            committed[name] = applier->progress();
        }
    }
    const ClockReading now = parts_.clock.read();
    state.commit_applied(cut.cut, {.at = now.utc, .clock_error = now.utc_error}, sources, committed,
                         claim);
    if (claim == storage::AppliedClaim::marks) {
        // The one line that says applied: all of it is visible and durable.
        parts_.on_applied(cut.cut, trees);
    }
    for (const auto& [name, point] : cut.databases) {
        const auto database = parts_.databases.find(name);
        if (database != parts_.databases.end()) {
            database->second->spool.release_up_to(state.databases()[name].applied.spool_end);
        }
    }
    for (const auto& [name, tree] : parts_.trees) {
        tree->staging().release_unneeded([&, tree_name = name](const Digest& sha256) {
            return state.index().needs(tree_name, sha256);
        });
    }
}

// Between two cuts: what was kept long enough goes, and all of it before a full disk stops us. A
// failure of that is named and stops nothing else.
void Applier::keep_retention(storage::SecondaryState& state) {
    const std::lock_guard applying(applying_);
    for (const auto& [name, tree] : parts_.trees) {
        const std::string source = name.str() + " retention";
        try {
            keep_retention(state, name, *tree);
            parts_.faults.clear(source);
        } catch (const Error& error) {
            if (error.code() == ErrorCode::sync_failed || error.code() == ErrorCode::internal) {
                throw;
            }
            parts_.faults.raise(source, error);
        }
    }
}

void Applier::keep_retention(storage::SecondaryState& state, const SourceName& name,
                             ReplicaTree& tree) {
    const bool needs_room = tree.take_wish_for_room();
    if (!tree.is_open() || state.index().retained().totals(name).entries == 0) {
        return;
    }
    tree.check();
    Retention retention(parts_.files, tree.root(), state.index(), name, tree.retention());
    retention.prune(parts_.clock.utc_now());
    if (needs_room) {
        const std::uint64_t freed = retention.give_way(room_at_once);
        log::warning("{}: the disk is full: {} bytes of retained files were removed", name.str(),
                     freed);
    }
}

void Applier::hold(const SourceName& database) {
    const std::lock_guard lock(mutex_);
    stop_points_[database] = {};
}

void Applier::release(const SourceName& database) {
    const std::lock_guard lock(mutex_);
    stop_points_.erase(database);
    changed_.notify_all();
}

void Applier::stop_at(const SourceName& database, Lsn lsn, std::function<void()> there) {
    const std::lock_guard lock(mutex_);
    stop_points_[database] = {.lsn = lsn, .there = std::move(there)};
    changed_.notify_all();
}

}  // namespace farshore::secondary
