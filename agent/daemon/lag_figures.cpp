#include "agent/daemon/lag_figures.hpp"

#include <algorithm>

#include "agent/session/attestation.hpp"
#include "protocol/lag.hpp"

namespace farshore::daemon {

namespace {

std::vector<SourceName> source_names(const config::Config& config) {
    std::vector<SourceName> names;
    for (const config::Tree& tree : config.trees) {
        names.push_back(tree.name);
    }
    for (const config::Database& database : config.databases) {
        names.push_back(database.name);
    }
    return names;
}

std::optional<MarkMoments> moments_of(const std::optional<primary::MarkFacts>& facts) {
    if (!facts) {
        return std::nullopt;
    }
    MarkMoments moments;
    moments.mark = facts->mark;
    moments.taken.utc = facts->time;
    moments.taken.boot = facts->taken_boot;
    for (const auto& [name, source] : facts->sources) {
        if (source.as_of) {
            moments.as_of[name] = {
                .boot = source.as_of_boot, .utc = *source.as_of, .utc_error = std::nullopt};
        }
    }
    return moments;
}

control::Proof to_control(LagProof proof) {
    switch (proof) {
        case LagProof::proven:
            return control::Proof::proven;
        case LagProof::late:
            return control::Proof::late;
        case LagProof::unknown:
            break;
    }
    return control::Proof::unknown;
}

std::optional<double> seconds(const std::optional<Duration>& duration) {
    return duration ? std::optional(duration->seconds()) : std::nullopt;
}

control::LagReport begin_report(const config::Config& config, const ClockReading& now,
                                const StreamLag& lag) {
    control::LagReport report;
    report.stream = config.agent.stream.str();
    report.agent = config.agent.name.str();
    report.role = config.agent.role;
    report.time = now.utc;
    report.proof = to_control(lag.proof);
    report.objective_seconds = config.objective_rpo.seconds();
    report.floor_seconds = lag.floor;
    report.rpo_seconds = lag.figures.rpo;
    report.complete_rpo_seconds = lag.figures.complete_rpo;
    report.lag_seconds = lag.figures.lag;
    report.error_seconds = lag.figures.error;
    report.clock.synchronised = now.utc_error.has_value();
    report.clock.error_seconds = seconds(now.utc_error);
    return report;
}

control::StoreFigures store_figures(const session::UploadFigures& uploads,
                                    const config::Config& config, Timestamp now) {
    control::StoreFigures store;
    store.queued = uploads.queued;
    store.oldest_queued_seconds =
        uploads.oldest_queued ? (now - *uploads.oldest_queued).seconds() : 0.0;
    store.last_upload = uploads.last_upload;
    store.queued_bytes = uploads.queued_bytes;
    store.not_attested_since =
        session::not_attested_since(uploads, config.store.upload_interval, now);
    if (uploads.error) {
        store.error = std::string(uploads.error->name()) + " " + uploads.error->message();
    }
    return store;
}

void add_figures(control::PeerFigures& peer, const PeerLag& lag, const config::Config& config) {
    peer.rpo_seconds = lag.figures.rpo;
    peer.complete_rpo_seconds = lag.figures.complete_rpo;
    peer.lag_seconds = lag.figures.lag;
    peer.error_seconds = lag.figures.error;
    for (const SourceLag& source : lag.sources) {
        control::SourceFigures figures;
        figures.name = source.name.str();
        const bool is_tree =
            std::any_of(config.trees.begin(), config.trees.end(),
                        [&](const config::Tree& tree) { return tree.name == source.name; });
        figures.kind = is_tree ? control::SourceKind::tree : control::SourceKind::database;
        figures.rpo_seconds = source.figures.rpo;
        figures.lag_seconds = source.figures.lag;
        peer.sources.push_back(std::move(figures));
    }
}

void add_pending(control::PeerFigures& peer, const std::optional<Mark>& mark) {
    for (control::SourceFigures& source : peer.sources) {
        if (!mark || source.kind != control::SourceKind::tree) {
            continue;
        }
        const auto found = mark->sources.find(SourceName(source.name));
        if (found == mark->sources.end()) {
            continue;
        }
        if (const auto* tree = std::get_if<TreeMark>(&found->second)) {
            source.pending_files = tree->pending.files;
            source.pending_bytes = tree->pending.bytes;
        }
    }
}

// The worst of the faults, said in one line.
std::optional<std::string> reason_of(const std::map<std::string, primary::PeerFault>& faults) {
    if (faults.empty()) {
        return std::nullopt;
    }
    const auto& [source, fault] = *faults.begin();
    return source + (source.empty() ? "" : ": ") + std::string(fault.error.name()) + " " +
           fault.error.message();
}

void add_state(control::PeerFigures& peer, const primary::PeerView& view) {
    const bool copying = !view.copies.empty();
    peer.reason = reason_of(view.faults);
    if (!view.connected) {
        peer.state = control::PeerState::connecting;
        if (view.connection_fault) {
            const Error& error = view.connection_fault->error;
            peer.reason = std::string(error.name()) + " " + error.message();
            if (error.action() == Action::stop) {
                peer.state = control::PeerState::stopped;
            }
        }
    } else if (peer.reason) {
        peer.state = control::PeerState::stopped;
    } else {
        peer.state = copying ? control::PeerState::copying : control::PeerState::streaming;
    }
}

std::optional<std::uint64_t> limit_of(const primary::SlotFacts& slot) {
    return slot.limit_bytes == 0 ? std::nullopt : std::optional(slot.limit_bytes);
}

// A gap is why the figures grow although changes flow.
void add_gap_reason(control::PeerFigures& peer) {
    for (const control::SourceFigures& source : peer.sources) {
        if (!source.gaps.empty() && !peer.reason) {
            const control::GapFigures& gap = source.gaps.front();
            peer.reason = source.name + (gap.table.empty() ? "" : ", table " + gap.table) +
                          ": GAP " + gap.reason;
        }
    }
}

void add_database(control::SourceFigures& source, const secondary::SecondaryView& view) {
    const auto database = view.databases.find(SourceName(source.name));
    if (source.kind != control::SourceKind::database || database == view.databases.end()) {
        return;
    }
    source.received_lsn = database->second.standing.received;
    source.applied_lsn = database->second.applied.lsn;
    const auto gaps = view.gaps.find(SourceName(source.name));
    if (gaps == view.gaps.end()) {
        return;
    }
    for (const secondary::StandingGap& gap : gaps->second) {
        source.gaps.push_back(
            {.table = gap.table, .reason = gap.reason, .since = std::nullopt, .id = gap.id});
    }
}

void add_database(control::SourceFigures& source, const primary::Primary& role,
                  const AgentName& peer, const primary::PeerView& view) {
    const SourceName name(source.name);
    const auto newest = role.newest_cut();
    const auto lsn_in = [&](const std::shared_ptr<const primary::CutRecord>& cut) {
        std::optional<Lsn> lsn;
        if (cut && cut->databases.contains(name)) {
            lsn = cut->databases.at(name).lsn;
        }
        return lsn;
    };
    source.captured_lsn = lsn_in(newest);
    source.received_lsn = lsn_in(view.received);
    source.applied_lsn = lsn_in(view.applied);
    if (source.captured_lsn && source.received_lsn &&
        *source.captured_lsn >= *source.received_lsn) {
        source.pending_bytes = source.captured_lsn->value() - source.received_lsn->value();
    }
    const primary::DatabaseFacts facts = role.database(name);
    const auto slot = facts.slots.find(peer);
    if (slot != facts.slots.end() && slot->second.exists) {
        source.slot = control::SlotFigures{.retained_bytes = slot->second.retained_bytes,
                                           .wal_status = slot->second.wal_status,
                                           .safe_wal_bytes = slot->second.safe_wal_bytes,
                                           .limit_bytes = limit_of(slot->second),
                                           .time_left_seconds = seconds(slot->second.time_left)};
    }
    for (const auto& [table, gap] : role.gaps(name, peer)) {
        source.gaps.push_back(
            {.table = table, .reason = gap.reason, .since = gap.since, .id = gap.id});
    }
}

// What stops a source here stops it for every secondary; held deletions stop nothing else.
void add_own_faults(control::PeerFigures& peer, const primary::Primary& role,
                    const config::Config& config) {
    const auto add = [&](const SourceName& source, const Error& error) {
        if (error.code() != ErrorCode::deletions_held &&
            peer.state == control::PeerState::streaming) {
            peer.state = control::PeerState::stopped;
        }
        if (!peer.reason) {
            peer.reason = source.str() + ": " + std::string(error.name()) + " " + error.message();
        }
    };
    for (const auto& [tree, refusal] : role.refusals()) {
        add(tree, refusal.error);
    }
    for (const config::Database& database : config.databases) {
        if (const auto fault = role.database(database.name).fault) {
            add(database.name, *fault);
        }
    }
}

PeerFacts facts_of(const primary::NamedPeer& peer) {
    PeerFacts facts;
    facts.name = peer.name;
    if (peer.view.received) {
        facts.received = moments_of(peer.view.received->newest_mark);
        facts.complete = moments_of(peer.view.received->newest_complete_mark);
    }
    if (peer.view.applied) {
        facts.applied = moments_of(peer.view.applied->newest_mark);
    }
    facts.round_trip = peer.view.round_trip;
    return facts;
}

}  // namespace

control::LagReport primary_lag(const config::Config& config, const primary::Primary& role,
                               Clock& clock) {
    LagFacts facts;
    facts.now = clock.read();
    facts.primary_offset = Estimate{.value = {}, .error = {}};
    facts.mark_interval = config.replication.mark_interval;
    facts.sources = source_names(config);
    const std::vector<primary::NamedPeer> peers = role.peers();
    for (const primary::NamedPeer& peer : peers) {
        facts.peers.push_back(facts_of(peer));
    }
    const StreamLag lag = compute_lag(facts);
    control::LagReport report = begin_report(config, facts.now, lag);
    report.epoch = role.epoch();
    for (std::size_t i = 0; i < peers.size(); ++i) {
        const primary::PeerView& view = peers[i].view;
        control::PeerFigures peer;
        peer.name = peers[i].name.str();
        add_figures(peer, lag.peers[i], config);
        add_pending(peer, role.newest_mark());
        add_state(peer, view);
        add_own_faults(peer, role, config);
        if (view.connected) {
            peer.connected_since = view.connected_since;
            peer.round_trip_seconds = seconds(view.round_trip);
        }
        if (facts.peers[i].received) {
            peer.received_mark = facts.peers[i].received->mark;
        }
        if (facts.peers[i].applied) {
            peer.applied_mark = facts.peers[i].applied->mark;
        }
        for (control::SourceFigures& source : peer.sources) {
            if (source.kind == control::SourceKind::database) {
                add_database(source, role, peers[i].name, view);
            }
        }
        add_gap_reason(peer);
        if (i == 0 || !report.clock.offset_seconds) {
            report.clock.offset_seconds = seconds(view.utc_offset);
            report.clock.offset_error_seconds = seconds(view.utc_offset_error);
        }
        report.peers.push_back(std::move(peer));
    }
    report.store = store_figures(role.uploads(), config, facts.now.utc);
    return report;
}

control::LagReport secondary_lag(const config::Config& config, const secondary::SecondaryView& view,
                                 const session::UploadFigures& uploads, Clock& clock) {
    LagFacts facts;
    facts.now = clock.read();
    facts.primary_offset = view.offset;
    facts.mark_interval = config.replication.mark_interval;
    facts.sources = source_names(config);
    facts.peers.push_back({.name = config.agent.name,
                           .received = view.received,
                           .complete = view.complete,
                           .applied = view.applied,
                           .round_trip = view.round_trip});
    const StreamLag lag = compute_lag(facts);
    control::LagReport report = begin_report(config, facts.now, lag);
    report.epoch = view.epoch;
    if (view.utc_offset) {
        report.clock.offset_seconds = view.utc_offset->value.seconds();
        report.clock.offset_error_seconds = view.utc_offset->error.seconds();
    }
    control::PeerFigures own;
    own.name = config.agent.name.str();
    add_figures(own, lag.peers.front(), config);
    add_pending(own, view.newest_mark);
    own.state = view.connected ? control::PeerState::streaming : control::PeerState::connecting;
    if (view.connected) {
        own.connected_since = view.connected_since;
        own.round_trip_seconds = seconds(view.round_trip);
    } else if (view.connection_fault) {
        own.reason = std::string(view.connection_fault->error.name()) + " " +
                     view.connection_fault->error.message();
    }
    const auto is_copied = [&](const config::Database& database) {
        const auto known = view.databases.find(database.name);
        return known != view.databases.end() && known->second.standing.copied;
    };
    if (view.connected &&
        !std::all_of(config.databases.begin(), config.databases.end(), is_copied)) {
        own.state = control::PeerState::copying;
    }
    if (!view.primary_faults.empty()) {
        const auto& [source, fault] = *view.primary_faults.begin();
        // Held deletions stop nothing else.
        if (fault.error.code() != ErrorCode::deletions_held) {
            own.state = control::PeerState::stopped;
        }
        own.reason = view.primary.str() + (source.empty() ? "" : "/" + source) + ": " +
                     std::string(fault.error.name()) + " " + fault.error.message();
    }
    if (!view.faults.empty()) {
        const auto& [source, fault] = *view.faults.begin();
        own.state = control::PeerState::stopped;
        own.reason = source + ": " + std::string(fault.error.name()) + " " + fault.error.message();
    }
    if (!view.standing.received_mark.is_zero()) {
        own.received_mark = view.standing.received_mark;
    }
    if (!view.standing.applied_mark.is_zero()) {
        own.applied_mark = view.standing.applied_mark;
    }
    for (control::SourceFigures& source : own.sources) {
        add_database(source, view);
    }
    add_gap_reason(own);
    report.peers.push_back(std::move(own));
    report.store = store_figures(uploads, config, facts.now.utc);
    return report;
}

}  // namespace farshore::daemon
