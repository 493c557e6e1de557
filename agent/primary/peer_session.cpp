#include "agent/primary/peer_session.hpp"

#include <algorithm>

#include "agent/primary/continuity.hpp"
#include "agent/primary/set_aside_requests.hpp"
#include "agent/runtime/log.hpp"

namespace farshore::primary {

namespace {

// A cut that is applied later than this many cuts after is told by a newer one anyway.
constexpr std::size_t unapplied_kept = 4096;
// A session that held so long has overcome what ended the one before it.
constexpr Duration settled_after = Duration::from_ms(3'000);

}  // namespace

PeerSession::PeerSession(const SessionContext& context, PeerBoard& board,
                         connection::Session session)
    : context_(context),
      board_(board),
      session_(std::move(session)),
      bulk_(
          std::make_shared<BulkSender>(session_.bulk, session_.welcome.begun, &context.bandwidth)),
      state_(context.state_file),
      began_(context.clock.boot_now()),
      channel_(session_.control, context.clock,
               {.frame = [this](Frame frame) { take(std::move(frame)); },
                .sample = [this](const session::ClockSample& sample) { take_sample(sample); },
                .request = [this](const std::string& verb,
                                  const std::string& json) { return serve(verb, json); }}),
      feed_(*session_.control, *bulk_, context.history, state_, wiring()) {
    for (const config::Database& database : context.config.databases) {
        const auto lane = session_.databases.find(database.name);
        if (lane == session_.databases.end()) {
            continue;
        }
        const SourceName name = database.name;
        const auto standing = session_.welcome.databases.find(name);
        DatabaseTask::Events events;
        events.on_transaction = [this, name](const StreamPosition& end, const Digest& sha256) {
            context_.on_transaction(name, end, sha256);
        };
        events.on_position = context.on_progress;
        events.on_copy = [this, name](const CopyProgress& progress) {
            board_.update([&](PeerView& view) { view.copies[name] = progress; });
        };
        events.on_fault = [this, name](const std::optional<Error>& error) {
            if (!error) {
                context_.gaps.close(name, session_.peer, "");
            } else if (error->code() == ErrorCode::database_gap) {
                (void)context_.gaps.open(name, session_.peer, "", error->message());
            }
            tell_fault(name, error);
            board_.update([&](PeerView& view) {
                view.streaming[name] = !error;
                if (error) {
                    view.faults.insert_or_assign(name.str(),
                                                 PeerFault{*error, context_.clock.utc_now()});
                } else {
                    view.faults.erase(name.str());
                    view.copies.erase(name);
                }
            });
        };
        databases_[name] = std::make_unique<DatabaseTask>(
            context.config.agent.stream, session_.peer, database, context.clock, lane->second,
            standing == session_.welcome.databases.end() ? DatabaseStanding{} : standing->second,
            std::move(events));
    }
}

PeerSession::~PeerSession() = default;

CutFeedWiring PeerSession::wiring() {
    CutFeedWiring wiring;
    for (const config::Tree& tree : context_.config.trees) {
        wiring.trees.push_back(tree.name);
    }
    wiring.streaming_databases = [this] { return streaming_databases(); };
    wiring.want_position = [this](const SourceName& database, Lsn lsn) {
        want_position(database, lsn);
    };
    wiring.send_wanted = [this](const WantedContent& wanted) {
        return context_.send_wanted(wanted, *bulk_);
    };
    wiring.on_received = [this](const ToldCut& told) { received(told); };
    return wiring;
}

CutNumber PeerSession::first_base() {
    std::vector<SourceName> trees;
    for (const config::Tree& tree : context_.config.trees) {
        trees.push_back(tree.name);
    }
    const Continuation continuation =
        judge_continuity(state_, session_.welcome, session_.peer, trees);
    if (continuation.whole_because) {
        log::warning("telling everything again: {}", *continuation.whole_because);
    }
    if (!state_.peer(session_.peer)) {
        state_.set_peer(session_.peer, {.received_cut = session_.welcome.received_cut,
                                        .applied_cut = session_.welcome.applied_cut,
                                        .received_mark = session_.welcome.received_mark});
    }
    return continuation.base;
}

Error PeerSession::run(const runtime::StopToken& stop) {
    CutNumber base;
    try {
        base = first_base();
    } catch (const Error& error) {
        session_.close(error);
        return error;
    }
    runtime::TaskGroup tasks(
        [this](const runtime::TaskFailure& failure) { session_.close(failure.error); });
    context_.broadcast.add(bulk_);
    channel_.start(context_.config.replication.mark_interval);
    for (const auto& [name, task] : databases_) {
        tasks.start("db " + name.str(),
                    [&database = *task](const runtime::StopToken& token) { database.run(token); });
    }
    for (std::size_t lane = 0; lane < bulk_->lanes(); ++lane) {
        tasks.start(
            "answers " + std::to_string(lane),
            [this, lane](const runtime::StopToken& token) { bulk_->run_answers(lane, token); });
    }
    tasks.start("cut feed", [this, base](const runtime::StopToken& token) {
        feed_.run(session_.welcome, base, token);
    });
    const std::stop_callback closes(
        stop, [this] { session_.close(Error(ErrorCode::cancelled, "the agent is stopping")); });
    Error reason = channel_.wait_closed();
    context_.broadcast.remove(bulk_);
    session_.close(reason);
    feed_.close();
    resend_stop_.set();
    tasks.request_stop();
    for (const auto& [name, task] : databases_) {
        task->stop();
    }
    tasks.join();
    channel_.stop();
    // A task's own failure says more than the lane that it closed.
    if (const auto failure = tasks.first_failure()) {
        reason = failure->error;
    }
    return reason;
}

std::string PeerSession::serve(const std::string& verb, const std::string& json) {
    if (verb == verb_tables_set_aside) {
        return serve_tables_set_aside(context_.gaps, session_.peer, json);
    }
    if (verb == verb_resend_table) {
        return serve_resend_table(context_.config, json, resend_stop_);
    }
    return context_.serve(verb, json);
}

void PeerSession::take(Frame frame) {
    switch (frame.kind) {
        case MessageKind::received:
        case MessageKind::content_wanted:
            feed_.take(std::move(frame));
            break;
        case MessageKind::applied:
            take_applied(from_frame<Applied>(frame));
            break;
        case MessageKind::peer_state:
            take_state(from_frame<PeerState>(frame));
            break;
        default:
            throw Error(ErrorCode::malformed, "a frame of kind " +
                                                  std::to_string(static_cast<int>(frame.kind)) +
                                                  " does not belong on a control lane");
    }
}

void PeerSession::received(const ToldCut& told) {
    auto record = std::make_shared<CutRecord>(*told.record);
    if (!told.with_marks) {
        // What the marks claim is not all there yet: the newest known received stays the one
        // before.
        const PeerView view = board_.view();
        record->is_mark = false;
        record->newest_mark = view.received ? view.received->newest_mark : std::nullopt;
        record->newest_complete_mark =
            view.received ? view.received->newest_complete_mark : std::nullopt;
    }
    {
        const std::lock_guard lock(unapplied_mutex_);
        unapplied_[record->cut] = record;
        if (unapplied_.size() > unapplied_kept) {
            unapplied_.erase(unapplied_.begin());
        }
    }
    // The one line that moves the slots: the secondary has said that it holds this much durably.
    for (const auto& [name, lsn] : told.databases) {
        databases_.at(name)->confirm(lsn);
    }
    board_.update([&](PeerView& view) {
        view.received = record;
        view.held.received_cut = record->cut;
        if (record->newest_mark) {
            view.held.received_mark = record->newest_mark->mark;
        }
    });
    context_.on_progress();
}

void PeerSession::take_applied(const Applied& applied) {
    std::shared_ptr<const CutRecord> record;
    {
        const std::lock_guard lock(unapplied_mutex_);
        const auto found = unapplied_.find(applied.cut);
        if (found != unapplied_.end()) {
            record = found->second;
        }
        unapplied_.erase(unapplied_.begin(), unapplied_.upper_bound(applied.cut));
    }
    if (!record) {
        return;  // of an earlier session: the next one that is applied tells more
    }
    compare_digests(*record, applied);
    board_.update([&](PeerView& view) {
        view.applied = record;
        view.held.applied_cut = record->cut;
    });
    context_.on_progress();
}

void PeerSession::compare_digests(const CutRecord& record, const Applied& applied) {
    if (!record.is_mark || !record.newest_mark) {
        return;
    }
    for (const auto& [tree, digest] : record.newest_mark->tree_digests) {
        const auto found = applied.trees.find(tree);
        if (found == applied.trees.end() || found->second == digest) {
            continue;
        }
        log::warning("tree {} on {} is not what mark {} says: telling it everything again",
                     tree.str(), session_.peer.str(), record.newest_mark->mark.value());
        feed_.tell_everything();
    }
}

void PeerSession::take_state(const PeerState& state) {
    board_.update([&](PeerView& view) {
        if (const auto fault = state.fault()) {
            view.faults.insert_or_assign("peer/" + state.source,
                                         PeerFault{*fault, context_.clock.utc_now()});
        } else {
            view.faults.erase("peer/" + state.source);
        }
    });
}

void PeerSession::tell_fault(const SourceName& source, const std::optional<Error>& fault) {
    const std::string reason =
        fault ? std::string(fault->name()) + " " + fault->message() : std::string();
    const std::lock_guard lock(told_mutex_);
    std::string& told = told_faults_[source];
    if (told == reason || session_.control->is_closed() ||
        session_.control->unsent_bytes() > limits::lane_window / 2) {
        return;
    }
    try {
        connection::send(*session_.control, PeerState::of(source.str(), fault));
        told = reason;
    } catch (const Error&) {
        // The lane was closed in this moment: the session's own threads know why, and it is no
        // matter of whoever has told.
    }
}

void PeerSession::take_sample(const session::ClockSample& sample) {
    offset_.add({.asked = sample.asked,
                 .received = sample.peer_received,
                 .answered = sample.peer_answered,
                 .returned = sample.returned});
    const auto estimate = offset_.at(sample.returned);
    board_.update([&](PeerView& view) {
        view.round_trip = offset_.round_trip();
        if (sample.returned - began_ > settled_after) {
            view.connection_fault.reset();
        }
        if (estimate) {
            const auto utc = utc_offset(*estimate, sample.peer_utc, sample.peer_answered,
                                        sample.our_utc, sample.returned);
            if (utc) {
                view.utc_offset = utc->value;
                view.utc_offset_error = utc->error;
            }
        }
    });
}

std::map<SourceName, std::string> PeerSession::streaming_databases() const {
    std::map<SourceName, std::string> streaming;
    for (const auto& [name, task] : databases_) {
        if (const StreamPosition position = task->position(); !position.system.empty()) {
            streaming[name] = position.system;
        }
    }
    return streaming;
}

StreamPosition PeerSession::position(const SourceName& database) const {
    const auto task = databases_.find(database);
    return task == databases_.end() ? StreamPosition() : task->second->position();
}

void PeerSession::want_position(const SourceName& database, Lsn lsn) {
    const auto task = databases_.find(database);
    if (task != databases_.end()) {
        task->second->want_position(lsn);
    }
}

void PeerSession::send_evidence(const std::string& key, std::string_view bytes) {
    std::uint64_t offset = 0;
    do {
        const std::string_view piece = bytes.substr(offset, limits::payload_piece);
        EvidenceObject object{
            .key = key, .bytes = std::string(piece), .offset = offset, .last = false};
        offset += piece.size();
        object.last = offset == bytes.size();
        connection::send(channel_.lane(), object);
    } while (offset < bytes.size());
}

}  // namespace farshore::primary
