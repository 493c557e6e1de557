#include "agent/primary/cutter.hpp"

#include <algorithm>

#include "agent/primary/restored_record.hpp"
#include "agent/runtime/log.hpp"
#include "agent/runtime/sleeper.hpp"
#include "protocol/mark_room.hpp"

namespace farshore::primary {

namespace {

// How long a decoder is waited for between two looks.
constexpr Duration retry_after = Duration::from_ms(1'000);
constexpr Duration look_again = Duration::from_ms(2);
// What is not there by then is pending, or as of its last position, however seldom marks are.
constexpr Duration longest_patience = Duration::from_ms(5'000);

std::vector<storage::StoredTransaction> to_stored(const std::vector<PassedTransaction>& passed) {
    std::vector<storage::StoredTransaction> stored;
    stored.reserve(passed.size());
    for (const PassedTransaction& transaction : passed) {
        stored.push_back({transaction.commit_end, transaction.sha256});
    }
    return stored;
}

}  // namespace

Cutter::Cutter(storage::PrimaryState& state, CutHistory& history, CutTrigger& trigger, Clock& clock,
               const MarkSealer& sealer, const config::Replication& settings, CutterWiring wiring)
    : state_(state),
      history_(history),
      trigger_(trigger),
      clock_(clock),
      sealer_(sealer),
      settings_(settings),
      wiring_(std::move(wiring)),
      schedule_(settings.mark_interval, settings.min_cut_interval) {}

void Cutter::restore() {
    newest_ = state_.standing().cut;
    positions_ = state_.database_positions();
    for (const auto& [name, database] : wiring_.databases) {
        std::vector<PassedTransaction> kept;
        for (const auto& stored : state_.unmarked_transactions(name)) {
            kept.push_back({stored.commit_end, stored.sha256});
        }
        database.transactions->restore(kept, positions_[name].lsn, positions_[name].system);
    }
    CutRecord record = restored_record(state_, newest_, clock_.read());
    record.databases = positions_;
    newest_mark_ = record.newest_mark;
    newest_complete_mark_ = record.newest_complete_mark;
    if (newest_mark_) {
        moments_ = newest_mark_->sources;
    }
    if (!newest_.is_zero()) {
        history_.publish(std::make_shared<const CutRecord>(std::move(record)));
    }
}

void Cutter::run(const runtime::StopToken& stop) {
    const std::stop_callback ends(stop, [this] { trigger_.stop(); });
    runtime::SystemSleeper sleeper;
    CutTrigger::Woken woken;
    while (!trigger_.is_stopped()) {
        const CutSchedule::Decision decision =
            schedule_.decide({.now = clock_.boot_now(),
                              .changed = woken.changed,
                              .mark_demanded = woken.mark_demanded,
                              .previous_received = is_previous_received()});
        if (decision.take) {
            woken = {};
            if (!try_take(decision.as_mark)) {
                woken = {.changed = true, .mark_demanded = decision.as_mark};
                (void)sleeper.sleep(retry_after, stop);
            }
            continue;
        }
        const CutTrigger::Woken more = trigger_.wait(decision.wait);
        woken.changed = woken.changed || more.changed;
        woken.mark_demanded = woken.mark_demanded || more.mark_demanded;
    }
    (void)try_take(true);
}

// While a tree is scanned the next cut is gathered beside the one that is on its way: reading here
// and writing there take turns otherwise.
bool Cutter::is_previous_received() const {
    return wiring_.is_received(scanning_ ? before_newest_ : newest_);
}

bool Cutter::try_take(bool as_mark) {
    const std::map<SourceName, SourceMoment> before = moments_;
    const CutNumber newest_before = newest_;
    try {
        take(as_mark);
        if (failing_) {
            log::info("cuts are taken again");
            failing_ = false;
            wiring_.on_fault(std::nullopt);
        }
        return true;
    } catch (const Error& error) {
        if (error.action() != Action::retry) {
            throw;
        }
        if (newest_ == newest_before) {
            // Nothing was committed: what was captured is captured again, and no source got
            // further.
            moments_ = before;
        }
        if (!failing_) {
            log::warning("no cut can be taken: {} {}", error.name(), error.message());
            failing_ = true;
            wiring_.on_fault(error);
        }
        return false;
    }
}

void Cutter::take(bool as_mark) {
    const Gathered gathered = gather(as_mark);
    schedule_.taken(gathered.taken.boot, as_mark);
    std::optional<SealedMark> sealed;
    scanning_ = std::any_of(gathered.trees.begin(), gathered.trees.end(),
                            [](const TreeOutcome& tree) { return tree.cut.more_to_scan; });
    before_newest_ = newest_;
    newest_ = commit(gathered, as_mark, sealed);
    for (const auto& [name, outcome] : gathered.databases) {
        positions_[name] = outcome.position;
        TransactionLog& log = *wiring_.databases.at(name).transactions;
        if (as_mark && log.is_of(outcome.position.system)) {
            log.forget_up_to(outcome.position.lsn);
        }
    }
    for (TreeSource* tree : wiring_.trees) {
        tree->committed();
    }
    std::optional<Error> untold;
    if (sealed) {
        newest_mark_ = sealed->facts;
        if (sealed->mark.complete) {
            newest_complete_mark_ = sealed->facts;
        }
        for (const TreeOutcome& tree : gathered.trees) {
            wiring_.on_pending(tree.name, tree.cut.pending.paths);
        }
        try {
            wiring_.on_mark(*sealed, newest_);
        } catch (const Error& error) {
            untold = error;
        }
    }
    // It is committed, whatever failed since: every feed waits for it.
    history_.publish(
        std::make_shared<const CutRecord>(CutRecord{.cut = newest_,
                                                    .is_mark = as_mark,
                                                    .newest_mark = newest_mark_,
                                                    .newest_complete_mark = newest_complete_mark_,
                                                    .databases = positions_,
                                                    .sequences = sequences()}));
    if (untold) {
        throw Error(*untold);
    }
}

std::optional<BootTime> Cutter::earliest_noticed(const std::vector<TreeOutcome>& trees) {
    std::optional<BootTime> earliest;
    for (const TreeOutcome& tree : trees) {
        if (const auto noticed = tree.cut.pending_noticed) {
            earliest = std::min(earliest.value_or(*noticed), *noticed);
        }
    }
    return earliest;
}

std::map<SourceName, std::shared_ptr<const SequenceMap>> Cutter::sequences() const {
    std::map<SourceName, std::shared_ptr<const SequenceMap>> values;
    for (const auto& [name, database] : wiring_.databases) {
        values[name] = database.watch->sequences();
    }
    return values;
}

// How long a cut waits for what is not there yet.
Duration Cutter::patience() const {
    return std::min(settings_.mark_interval, longest_patience);
}

Cutter::Gathered Cutter::gather(bool as_mark) {
    Gathered gathered;
    gathered.taken = held_to_order(clock_.read(), newest_mark_);
    const BootTime deadline = gathered.taken.boot + patience();
    for (TreeSource* tree : wiring_.trees) {
        tree->drain();
    }
    const std::map<SourceName, StreamPosition> ends = read_positions(as_mark);
    for (TreeSource* tree : wiring_.trees) {
        tree->drain_again();
    }
    for (TreeSource* tree : wiring_.trees) {
        gathered.trees.push_back(
            {tree->name(), tree->capture({.taken = gathered.taken, .deadline = deadline})});
        const TreeCut& cut = gathered.trees.back().cut;
        wiring_.on_refusal(tree->name(), cut.refusal ? cut.refusal : cut.held_notice);
    }
    for (const auto& [name, database] : wiring_.databases) {
        const auto end = ends.find(name);
        gathered.databases[name] =
            pass(name, end == ends.end() ? std::nullopt : std::optional(end->second),
                 gathered.taken, deadline);
    }
    return gathered;
}

std::map<SourceName, StreamPosition> Cutter::read_positions(bool with_sequences) {
    // All servers are asked at once, then waited for: L is read between the two drains everywhere.
    for (const auto& [name, database] : wiring_.databases) {
        database.watch->ask_position(with_sequences);
    }
    std::map<SourceName, StreamPosition> ends;
    for (const auto& [name, database] : wiring_.databases) {
        if (const auto end = database.watch->position(patience())) {
            ends[name] = *end;
            wiring_.want_position(name, end->lsn);
        }
    }
    return ends;
}

Cutter::DatabaseOutcome Cutter::pass(const SourceName& database,
                                     const std::optional<StreamPosition>& end,
                                     const ClockReading& taken, BootTime deadline) {
    runtime::SystemSleeper sleeper;
    StreamPosition passed = wiring_.position(database);
    while (end && passed.system == end->system && passed.lsn < end->lsn &&
           clock_.boot_now() < deadline) {
        (void)sleeper.sleep(look_again, {});
        passed = wiring_.position(database);
    }
    const CutPosition next = next_position(positions_[database], passed, end);
    SourceMoment& moment = moments_[database];
    if (next.is_current && wiring_.is_whole(database)) {  // with a gap: as_of stands still
        moment = {.as_of = taken.utc, .as_of_boot = taken.boot};
    }
    DatabaseOutcome outcome{.position = next.position, .as_of = moment.as_of, .transactions = {}};
    const TransactionLog& log = *wiring_.databases.at(database).transactions;
    if (log.is_of(next.position.system)) {
        outcome.transactions = log.up_to(next.position.lsn);
    }
    return outcome;
}

CutNumber Cutter::commit(const Gathered& gathered, bool as_mark,
                         std::optional<SealedMark>& sealed) {
    storage::CutCommit commit(state_);
    commit.set_identity(wiring_.new_identity());
    for (const TreeOutcome& tree : gathered.trees) {
        write_tree(commit, tree);
    }
    for (const auto& [name, outcome] : gathered.databases) {
        commit.set_database(
            name, outcome.position,
            as_mark ? std::vector<storage::StoredTransaction>{} : to_stored(outcome.transactions));
    }
    if (as_mark) {
        auto sources = describe(commit, gathered);
        std::map<SourceName, BootTime> boots;
        for (const auto& [name, moment] : moments_) {
            if (moment.as_of_boot) {
                boots[name] = *moment.as_of_boot;
            }
        }
        sealed = sealer_.seal(state_.standing().epoch, commit.mark(), gathered.taken,
                              std::move(sources), boots);
        sealed->facts.pending_noticed = earliest_noticed(gathered.trees);
        commit.seal(sealed->mark.complete, sealed->envelope);
    }
    commit.commit();
    return commit.cut();
}

void Cutter::write_tree(storage::CutCommit& commit, const TreeOutcome& tree) {
    for (const storage::CapturedEntry& entry : tree.cut.puts) {
        commit.put(tree.name, entry);
    }
    for (const std::string& path : tree.cut.removals) {
        commit.remove(tree.name, path);
    }
    for (const auto& [path, identity] : tree.cut.refreshed) {
        commit.refresh(tree.name, path, identity);
    }
    if (!tree.cut.held.empty() || !tree.cut.let_go.empty()) {
        storage::HeldDeletions held(state_.database());
        held.let_go(tree.name, tree.cut.let_go);
        held.hold(tree.name, tree.cut.held, clock_.utc_now(), commit.totals(tree.name).entries);
    }
    commit.set_scanned(tree.name, tree.cut.first_scan_done, tree.cut.swept);
    SourceMoment& moment = moments_[tree.name];
    if (tree.cut.is_current) {
        moment = {.as_of = tree.cut.taken.utc, .as_of_boot = tree.cut.taken.boot};
    }
}

std::map<SourceName, SourceMark> Cutter::describe(storage::CutCommit& commit,
                                                  const Gathered& gathered) const {
    std::map<SourceName, SourceMark> sources;
    for (const TreeOutcome& tree : gathered.trees) {
        const storage::CapturedTotals totals = commit.totals(tree.name);
        TreeMark mark;
        mark.as_of = moments_.at(tree.name).as_of;
        mark.swept = tree.cut.swept;
        mark.uncovered = tree.cut.uncovered;
        mark.entries = totals.entries;
        mark.bytes = totals.bytes;
        mark.digest = TreeDigest(totals.digest);
        mark.pending = tree.cut.pending;
        sources[tree.name] = std::move(mark);
    }
    for (const auto& [name, outcome] : gathered.databases) {
        const DatabaseFacts facts = wiring_.databases.at(name).watch->facts();
        DatabaseMark mark;
        mark.as_of = outcome.as_of;
        for (const std::string& sentence : wiring_.gaps(name)) {
            mark.uncovered.push_back({name.str(), sentence});
        }
        for (const std::string& sentence : facts.uncovered) {
            mark.uncovered.push_back({name.str(), sentence});
        }
        mark.system_identifier = outcome.position.system;
        if (mark.system_identifier.empty() && facts.identity) {
            mark.system_identifier = facts.identity->system_identifier;
        }
        mark.lsn = outcome.position.lsn;
        mark.transactions = outcome.transactions.size();
        mark.digest = database_digest(outcome.transactions);
        sources[name] = std::move(mark);
    }
    fit_into_mark(sources);
    return sources;
}

}  // namespace farshore::primary
