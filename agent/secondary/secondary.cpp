#include "agent/secondary/secondary.hpp"

#include <chrono>

#include "agent/config/memory_budget.hpp"
#include "agent/runtime/log.hpp"
#include "agent/runtime/tree_rights.hpp"
#include "agent/session/attestation.hpp"
#include "storage/disk/state_paths.hpp"

namespace farshore::secondary {

namespace {

constexpr Duration accept_turn = Duration::from_ms(500);
// How often its sources are looked at while there is no session.
constexpr Duration look_interval = Duration::from_ms(5'000);
constexpr Duration last_upload = Duration::from_ms(3'000);
// A session that held so long has overcome what ended the one before it.
constexpr Duration settled_after = Duration::from_ms(3'000);

}  // namespace

Secondary::Secondary(SecondaryServices services)
    : services_(std::move(services)),
      faults_(services_.clock,
              [this](const std::string& source, const std::optional<Error>& fault) {
                  tell_fault(source, fault);
              }),
      uploads_(services_.state_file, {&services_.store}, services_.clock,
               [](const storage::OutboxItem&) {}),
      receipts_({.state_file = services_.state_file,
                 .stream = services_.config.agent.stream,
                 .agent = services_.config.agent.name,
                 .key = services_.key,
                 .interval =
                     [this] {
                         return session::record_interval(uploads_.figures(),
                                                         services_.config.store.upload_interval,
                                                         services_.clock.utc_now());
                     },
                 .clock = services_.clock,
                 .offset =
                     [this] {
                         const std::lock_guard lock(mutex_);
                         return utc_offset_;
                     },
                 .on_queued = [this] { uploads_.wake(); }}),
      evidence_({.kept = services_.evidence,
                 .state_file = services_.state_file,
                 .stream = services_.config.agent.stream,
                 .agent = services_.config.agent.name,
                 .mirror = services_.mirror_evidence,
                 .trust = services_.trust,
                 .clock = services_.clock,
                 .on_epoch = [this](const storage::OpenedEpoch& opened) { on_epoch(opened); },
                 .on_queued = [this] { uploads_.wake(); }}),
      context_(context()),
      view_state_(services_.state_file),
      tasks_([](const runtime::TaskFailure& failure) {
          log::error("{} ended: {} {}", failure.task, failure.error.name(),
                     failure.error.message());
      }) {
    for (const config::Tree& tree : services_.config.trees) {
        for (const runtime::LackingRight& right :
             runtime::unkept_without_rights(runtime::own_capabilities())) {
            log::warning("{}: {} can't be kept: {}", tree.name.str(), right.what, right.why);
        }
        trees_[tree.name] = std::make_shared<ReplicaTree>(
            services_.files, services_.config.agent.stream, tree, services_.clock.boot_id());
    }
    if (!services_.files.status(services_.state_directory, storage::StatePaths::spool)) {
        services_.files.make_directory(services_.state_directory, storage::StatePaths::spool, 0700);
        services_.files.sync_file(services_.state_directory);
    }
    for (const config::Database& database : services_.config.databases) {
        databases_[database.name] =
            std::make_shared<ReplicaDatabase>(database, services_.files, services_.state_directory,
                                              storage::StatePaths::spool_of(database.name));
    }
    applier_ = std::make_unique<Applier>(applier_parts());
    recovery_ = std::make_unique<TableRecovery>(recovery_parts());
    const Epoch epoch = view_state_.standing().epoch;
    evidence_.restore(services_.config.agent.stream, epoch.is_zero() ? Epoch(1) : epoch);
}

Secondary::~Secondary() {
    end_session();
    tasks_.request_stop();
    tasks_.join();
}

SecondaryContext Secondary::context() {
    return {.config = services_.config,
            .clock = services_.clock,
            .random = services_.random,
            .files = services_.files,
            .state_file = services_.state_file,
            .trust = services_.trust,
            .faults = faults_,
            .trees = trees_,
            .databases = databases_,
            .evidence = evidence_,
            .on_received =
                [this] {
                    applier_->wake();
                    note_received();
                    const std::lock_guard lock(mutex_);
                    changed_.notify_all();
                },
            .on_rows = [this] { applier_->wake_for_rows(); },
            .on_sample = [this](const session::ClockSample& sample) { on_sample(sample); },
            .on_peer_state =
                [this](const PeerState& state) {
                    const std::lock_guard lock(mutex_);
                    if (const auto fault = state.fault()) {
                        primary_faults_.insert_or_assign(
                            state.source, StandingFault{*fault, services_.clock.utc_now()});
                    } else {
                        primary_faults_.erase(state.source);
                    }
                },
            .serve = [this](const std::string& verb,
                            const std::string& json) { return serve(verb, json); }};
}

ApplierParts Secondary::applier_parts() {
    return {.stream = services_.config.agent.stream,
            .agent = services_.config.agent.name,
            .trees = trees_,
            .databases = databases_,
            .files = services_.files,
            .state_file = services_.state_file,
            .clock = services_.clock,
            .random = services_.random,
            .faults = faults_,
            .gathered_rows_bytes = config::gathered_rows_bytes(services_.config),
            .on_altered = [this](const SourceName& database,
                                 const Error& error) { on_altered(database, error); },
            .on_applied =
                [this](CutNumber cut, const std::map<SourceName, Digest>& trees) {
                    on_applied(cut, trees);
                }};
}

TableRecoveryParts Secondary::recovery_parts() {
    TableRecoveryParts parts{
        .databases = {},
        .set_aside = [this](const SourceName& name) { return applier_->set_aside(name); },
        .session =
            [this] {
                const std::lock_guard lock(mutex_);
                return session_ ? sessions_ : 0;
            },
        .ask =
            [this](const std::string& verb, const std::string& json, Duration timeout) {
                const auto running = session();
                if (!running) {
                    throw Error(ErrorCode::connection_lost, "the primary is not connected");
                }
                return running->ask(verb, json, timeout);
            },
        .clock = services_.clock};
    for (const auto& [name, database] : databases_) {
        parts.databases.push_back(name);
    }
    return parts;
}

void Secondary::run(const runtime::StopToken& stop) {
    tasks_.start("applier", [this](const runtime::StopToken& token) { applier_->run(token); });
    tasks_.start("uploads", [this](const runtime::StopToken& token) { uploads_.run(token); });
    tasks_.start("set aside", [this](const runtime::StopToken& token) { recovery_->run(token); });
    tasks_.start("receipts", [this](const runtime::StopToken& token) { receipts_.run(token); });
    look_at_sources();
    while (!stop.stop_requested() && !tasks_.stop_requested()) {
        if (const auto opened = services_.accept(accept_turn)) {
            hold_session(opened, stop);
        } else if (services_.clock.boot_now() - looked_ >= look_interval) {
            look_at_sources();
        }
    }
    end_session();
    if (!tasks_.stop_requested()) {
        receipts_.write_now();
        if (!uploads_.wait_empty(last_upload)) {
            log::info("some evidence stays queued for the store");
        }
    }
    tasks_.request_stop();
    tasks_.join();
    if (const auto failure = tasks_.first_failure()) {
        throw failure->error;
    }
}

// What stands in the way of a session is shown also while no primary dials.
void Secondary::look_at_sources() {
    const std::lock_guard one(answering_);
    looked_ = services_.clock.boot_now();
    storage::SecondaryState state(services_.state_file);
    for (const auto& [name, tree] : trees_) {
        try {
            tree->require_ours(state, services_.random);
            if (blocked_.erase(name) > 0) {
                faults_.clear(name.str());
            }
        } catch (const Error& error) {
            if (error.code() == ErrorCode::sync_failed) {
                throw;
            }
            blocked_.insert(name);
            faults_.raise(name.str(), error);
        }
    }
}

void Secondary::open_sources(storage::SecondaryState& state) {
    for (const auto& [name, tree] : trees_) {
        try {
            tree->require_ours(state, services_.random);
            faults_.clear(name.str());
        } catch (const Error& error) {
            faults_.raise(name.str(), error);
            throw;
        }
    }
}

// What the primary would send has a place here, or the operator learns at once that it has none.
void Secondary::require_known(const Hello& hello) const {
    const auto refuse = [&](const char* table, const SourceName& name) {
        throw Error(ErrorCode::bad_config, hello.agent.str() + " replicates " + table + " " +
                                               name.str() + ": the config of " +
                                               services_.config.agent.name.str() + ", " +
                                               services_.config.file + ", has no such " + table);
    };
    for (const SourceName& name : hello.trees) {
        if (!trees_.contains(name)) {
            refuse("tree", name);
        }
    }
    for (const SourceName& name : hello.databases) {
        if (!databases_.contains(name)) {
            refuse("database", name);
        }
    }
}

Welcome Secondary::answer(const Hello& hello, const AgentName& peer) {
    if (!services_.trust.has_agent(peer)) {
        throw Error(ErrorCode::untrusted, "the trust file " + services_.config.signing.trust +
                                              " has no key of " + peer.str());
    }
    require_known(hello);
    const std::lock_guard one(answering_);
    end_session();
    storage::SecondaryState state(services_.state_file);
    if (hello.epoch < state.standing().epoch) {
        throw Error(ErrorCode::fenced, peer.str() + " speaks for epoch " +
                                           std::to_string(hello.epoch.value()) + ", here it is " +
                                           std::to_string(state.standing().epoch.value()));
    }
    open_sources(state);
    if (hello.epoch > state.standing().epoch) {
        state.enter_epoch(hello.epoch);
    }
    const storage::SecondaryStanding standing = state.standing();
    Welcome welcome;
    welcome.agent = services_.config.agent.name;
    welcome.epoch = standing.epoch;
    welcome.boot_id = services_.clock.boot_id();
    welcome.received_cut = standing.received_cut;
    welcome.received_identity = standing.received_identity;
    welcome.applied_cut = standing.claimed_cut;
    welcome.received_mark = standing.received_mark;
    welcome.applied_mark = standing.applied_mark;
    welcome.received_mark_digest = standing.received_mark_digest;
    state.index().discard_incoming_above(standing.received_cut);
    const auto known = state.databases();
    for (const auto& [name, database] : databases_) {
        const ReplicaTurn turn(*database);
        const auto found = known.find(name);
        if (found != known.end() && found->second.standing.copied) {
            // What came after the last received cut comes again.
            database->spool.truncate_to(found->second.received_end);
            welcome.databases[name] = found->second.standing;
        } else {
            // A copy that was interrupted goes on where its stream begins.
            database->spool.clear();
            welcome.databases[name] =
                found != known.end() ? found->second.standing : DatabaseStanding{};
        }
    }
    for (const auto& [name, tree] : trees_) {
        if (tree->is_open()) {
            welcome.begun[name] = tree->staging().begun().idle();
        }
    }
    return welcome;
}

void Secondary::end_session() {
    std::shared_ptr<SecondarySession> running;
    {
        const std::lock_guard lock(mutex_);
        running = session_;
    }
    if (running) {
        running->session().close(Error(ErrorCode::connection_lost, "another session begins"));
    }
    running.reset();
    // Its threads have ended when the holder lets go of it.
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !holding_; });
}

void Secondary::hold_session(const std::shared_ptr<connection::Session>& opened,
                             const runtime::StopToken& stop) {
    std::shared_ptr<SecondarySession> session;
    {
        // Either we hold it before a newer Hello is answered, which then waits for us to let go, or
        // it was closed for that one and must touch nothing.
        const std::lock_guard one(answering_);
        if (opened->control->is_closed()) {
            return;
        }
        session = std::make_shared<SecondarySession>(context_, opened);
        const std::lock_guard lock(mutex_);
        session_ = session;
        holding_ = true;
        ++sessions_;
        connected_since_ = services_.clock.utc_now();
        session_began_ = services_.clock.boot_now();
        primary_ = opened->peer;
        primary_faults_.clear();
        if (offset_boot_ != opened->hello.boot_id) {
            offset_.reset();
            offset_boot_ = opened->hello.boot_id;
        }
    }
    log::info("session with {} opened", opened->peer.str());
    for (const auto& [source, fault] : faults_.faults()) {
        tell_fault(source, fault.error);
    }
    const Error reason = session->run(stop);
    const std::lock_guard lock(mutex_);
    session_.reset();
    holding_ = false;
    connected_since_.reset();
    if (!stop.stop_requested()) {
        // Who comes again and again with the same trouble is named in the log once.
        if (!connection_fault_ || connection_fault_->error.message() != reason.message()) {
            log::warning("session with {} ended: {} {}", opened->peer.str(), reason.name(),
                         reason.message());
        }
        connection_fault_ = StandingFault{reason, services_.clock.utc_now()};
    }
    changed_.notify_all();
}

void Secondary::on_epoch(const storage::OpenedEpoch& opened) {
    receipts_.begin_epoch(opened.record.epoch, opened.digest, opened.record.primary);
}

void Secondary::on_sample(const session::ClockSample& sample) {
    const std::lock_guard lock(mutex_);
    if (sample.returned - session_began_ > settled_after) {
        connection_fault_.reset();
    }
    offset_.add({.asked = sample.asked,
                 .received = sample.peer_received,
                 .answered = sample.peer_answered,
                 .returned = sample.returned});
    if (const auto estimate = offset_.at(sample.returned)) {
        utc_offset_ = utc_offset(*estimate, sample.peer_utc, sample.peer_answered, sample.our_utc,
                                 sample.returned);
    }
}

void Secondary::on_applied(CutNumber cut, const std::map<SourceName, Digest>& trees) {
    const auto running = session();
    if (running) {
        running->tell(Applied{.cut = cut, .trees = trees});
    }
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
}

// The next handshake says that there is no copy here, and the primary begins one.
void Secondary::on_altered(const SourceName& name, const Error& error) {
    const ReplicaDatabase& database = *databases_.at(name);
    if (database.config.recopy == config::Recopy::manual) {
        return;
    }
    storage::SecondaryState state(services_.state_file);
    state.set_database(name, DatabaseStanding{}, database.spool.end());
    if (const auto running = session()) {
        running->session().close(
            Error(ErrorCode::connection_lost,
                  "database " + name.str() + " is copied anew: " + error.message()));
    }
}

void Secondary::tell_fault(const std::string& source, const std::optional<Error>& fault) {
    if (const auto running = session()) {
        running->tell(PeerState::of(source, fault));
    }
}

std::string Secondary::serve(const std::string& verb, const std::string& json) {
    if (verb == "evidence_held") {
        const auto running = session();
        const storage::ChainKey chain{.stream = services_.config.agent.stream,
                                      .epoch = running ? running->session().hello.epoch : Epoch(1),
                                      .agent = running ? running->session().peer : primary_};
        return std::to_string(evidence_.held(chain).value());
    }
    return services_.serve(verb, json);
}

std::shared_ptr<SecondarySession> Secondary::session() const {
    const std::lock_guard lock(mutex_);
    return session_;
}

ReplicaTree* Secondary::tree(const SourceName& name) {
    const auto found = trees_.find(name);
    return found == trees_.end() ? nullptr : found->second.get();
}

}  // namespace farshore::secondary
