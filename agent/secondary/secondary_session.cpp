#include "agent/secondary/secondary_session.hpp"

#include "agent/runtime/sleeper.hpp"

namespace farshore::secondary {

namespace {

// How long what was received may take to be applied before the replica is copied anew.
constexpr int applied_looks = 300;
constexpr Duration applied_look = Duration::from_ms(100);

}  // namespace

SecondarySession::SecondarySession(const SecondaryContext& context,
                                   std::shared_ptr<connection::Session> session)
    : context_(context),
      session_(std::move(session)),
      state_(context.state_file),
      cuts_(*session_, cut_parts()),
      channel_(session_->control, context.clock,
               {.frame = [this](Frame frame) { take(std::move(frame)); },
                .sample = context.on_sample,
                .request = context.serve}) {
    for (const auto& [name, lane] : session_->databases) {
        const auto database = context.databases.find(name);
        if (database == context.databases.end()) {
            throw Error(ErrorCode::wrong_peer,
                        "the primary has a database " + name.str() + " that is not ours");
        }
        databases_[name] = std::make_unique<DatabaseReceiver>(
            context.config.agent.stream, database->second->config, database->second->spool,
            context.config.replication.spool_limit_bytes, database_events(name));
    }
}

CutReceiverParts SecondarySession::cut_parts() {
    return {.trees = context_.trees,
            .files = context_.files,
            .state = state_,
            .clock = context_.clock,
            .random = context_.random,
            .faults = context_.faults,
            .trust = context_.trust,
            .expected = {.stream = context_.config.agent.stream,
                         .epoch = session_->hello.epoch,
                         .primary = session_->peer},
            .sync_database = [this](const SourceName& name,
                                    Lsn lsn) { return databases_.at(name)->sync(lsn); },
            .on_received = context_.on_received};
}

DatabaseReceiverEvents SecondarySession::database_events(const SourceName& name) {
    DatabaseReceiverEvents events;
    events.on_position = [this, name] {
        context_.faults.clear(name.str());
        cuts_.database_passed(name, databases_.at(name)->position());
        context_.on_rows();
    };
    events.on_copy_needed = [this, name](const std::string& reason) {
        return let_go(name, reason);
    };
    events.on_copy_begin = [this, name](const DatabaseStanding& standing) {
        record_standing(name, standing);
    };
    events.on_copied = events.on_copy_begin;
    events.on_timeline = [this, name](std::uint32_t timeline) {
        storage::SecondaryState(context_.state_file).set_timeline(name, timeline);
    };
    return events;
}

void SecondarySession::record_standing(const SourceName& name, const DatabaseStanding& standing) {
    ReplicaDatabase& database = *context_.databases.at(name);
    const ReplicaTurn turn(database);
    storage::SecondaryState state(context_.state_file);
    state.set_database(name, standing, database.spool.end());
}

// What is received and can still be applied is applied first: as long as the new copy has not come,
// the replica shall be as good as it can.
bool SecondarySession::let_go(const SourceName& name, const std::string& reason) {
    ReplicaDatabase& database = *context_.databases.at(name);
    if (database.config.recopy == config::Recopy::manual) {
        context_.faults.raise(name.str(),
                              Error(ErrorCode::database_gap, reason + "; recopy is manual here"));
        return false;
    }
    storage::SecondaryState state(context_.state_file);
    runtime::SystemSleeper sleeper;
    for (int looks = 0; looks < applied_looks && !session_->control->is_closed(); ++looks) {
        const storage::DatabaseState standing = state.databases()[name];
        if (standing.applied.lsn >= standing.standing.received) {
            break;
        }
        (void)sleeper.sleep(applied_look, {});
    }
    record_standing(name, DatabaseStanding{});
    return true;
}

Error SecondarySession::run(const runtime::StopToken& stop) {
    runtime::TaskGroup tasks([this](const runtime::TaskFailure& failure) {
        session_->close(failure.error);
        cuts_.close();
    });
    context_.evidence.begin_session();
    tasks.start("cut receiver", [this](const runtime::StopToken& token) { cuts_.run(token); });
    for (std::size_t i = 0; i < session_->bulk.size(); ++i) {
        tasks.start("bulk " + std::to_string(i), [this, i](const runtime::StopToken& token) {
            BulkReceiver receiver(
                context_.trees, context_.faults, context_.files,
                [this, i](std::uint64_t count) { cuts_.lane_processed(i, count); });
            receiver.run(*session_->bulk[i], token);
        });
    }
    for (const auto& [name, receiver] : databases_) {
        tasks.start("db " + name.str(), [this, database = name](const runtime::StopToken& token) {
            run_database(database, token);
        });
    }
    channel_.start(context_.config.replication.mark_interval);
    const std::stop_callback closes(
        stop, [this] { session_->close(Error(ErrorCode::cancelled, "the agent is stopping")); });
    Error reason = channel_.wait_closed();
    session_->close(reason);
    cuts_.close();
    tasks.request_stop();
    for (const auto& [name, receiver] : databases_) {
        receiver->stop();
    }
    tasks.join();
    channel_.stop();
    if (const auto failure = tasks.first_failure()) {
        reason = failure->error;
    }
    return reason;
}

void SecondarySession::run_database(const SourceName& name, const runtime::StopToken& stop) {
    DatabaseReceiver& receiver = *databases_.at(name);
    const auto standing = session_->welcome.databases.find(name);
    try {
        receiver.run(*session_->databases.at(name), standing == session_->welcome.databases.end()
                                                        ? DatabaseStanding{}
                                                        : standing->second);
    } catch (const Error& error) {
        if (!stop.stop_requested() && error.code() != ErrorCode::connection_lost) {
            context_.faults.raise(name.str(), error);
        }
        throw;
    }
}

void SecondarySession::take(Frame frame) {
    switch (frame.kind) {
        case MessageKind::cut_begin:
        case MessageKind::cut_entries:
        case MessageKind::cut_mark:
        case MessageKind::cut_end:
        case MessageKind::content_sent:
            cuts_.take(std::move(frame));
            break;
        case MessageKind::evidence_object:
            context_.evidence.take(from_frame<EvidenceObject>(frame));
            break;
        case MessageKind::peer_state:
            context_.on_peer_state(from_frame<PeerState>(frame));
            break;
        default:
            throw Error(ErrorCode::malformed, "a frame of kind " +
                                                  std::to_string(static_cast<int>(frame.kind)) +
                                                  " does not belong on a control lane");
    }
}

Lsn SecondarySession::position(const SourceName& database) const {
    const auto receiver = databases_.find(database);
    return receiver == databases_.end() ? Lsn() : receiver->second->position();
}

}  // namespace farshore::secondary
