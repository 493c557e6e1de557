#include "agent/control/lag_json.hpp"

#include "agent/control/json_text.hpp"

namespace farshore::control {

namespace json = boost::json;

namespace {

json::value slot_json(const SlotFigures& slot) {
    json::object out;
    out["retained_bytes"] = or_null(slot.retained_bytes);
    out["wal_status"] = or_null(slot.wal_status);
    out["safe_wal_bytes"] = or_null(slot.safe_wal_bytes);
    out["limit_bytes"] = or_null(slot.limit_bytes);
    out["time_left_seconds"] = or_null(slot.time_left_seconds);
    return out;
}

json::value gaps_json(const std::vector<GapFigures>& gaps) {
    json::array out;
    for (const GapFigures& gap : gaps) {
        out.push_back(json::object{
            {"id", gap.id},
            {"table", gap.table.empty() ? json::value(nullptr) : json::value(gap.table)},
            {"reason", gap.reason},
            {"since", or_null(gap.since)}});
    }
    return out;
}

json::value source_json(const SourceFigures& source) {
    json::object out;
    out["name"] = source.name;
    out["kind"] = to_string(source.kind);
    out["rpo_seconds"] = or_null(source.rpo_seconds);
    out["lag_seconds"] = or_null(source.lag_seconds);
    if (source.kind == SourceKind::tree) {
        out["pending_files"] = or_null(source.pending_files);
    }
    out["pending_bytes"] = or_null(source.pending_bytes);
    if (source.kind == SourceKind::database) {
        out["captured_lsn"] = or_null(source.captured_lsn);
        out["received_lsn"] = or_null(source.received_lsn);
        out["applied_lsn"] = or_null(source.applied_lsn);
        out["slot"] = source.slot ? slot_json(*source.slot) : json::value(nullptr);
        out["gaps"] = gaps_json(source.gaps);
    }
    return out;
}

json::value peer_json(const PeerFigures& peer) {
    json::object out;
    out["name"] = peer.name;
    out["state"] = to_string(peer.state);
    if (peer.reason) {
        out["reason"] = *peer.reason;
    }
    out["connected_since"] = or_null(peer.connected_since);
    out["round_trip_seconds"] = or_null(peer.round_trip_seconds);
    out["received_mark"] = or_null(peer.received_mark);
    out["applied_mark"] = or_null(peer.applied_mark);
    out["rpo_seconds"] = or_null(peer.rpo_seconds);
    out["complete_rpo_seconds"] = or_null(peer.complete_rpo_seconds);
    out["lag_seconds"] = or_null(peer.lag_seconds);
    out["error_seconds"] = or_null(peer.error_seconds);
    json::array sources;
    for (const SourceFigures& source : peer.sources) {
        sources.push_back(source_json(source));
    }
    out["sources"] = std::move(sources);
    return out;
}

json::value clock_json(const ClockFigures& clock) {
    json::object out;
    out["synchronised"] = clock.synchronised;
    out["error_seconds"] = or_null(clock.error_seconds);
    out["offset_seconds"] = or_null(clock.offset_seconds);
    out["offset_error_seconds"] = or_null(clock.offset_error_seconds);
    return out;
}

json::value store_json(const StoreFigures& store) {
    json::object out;
    out["queued"] = store.queued;
    out["oldest_queued_seconds"] = or_null(store.oldest_queued_seconds);
    out["last_upload"] = or_null(store.last_upload);
    out["error"] = or_null(store.error);
    out["queued_bytes"] = store.queued_bytes;
    out["not_attested_since"] = or_null(store.not_attested_since);
    return out;
}

}  // namespace

json::value to_json(const LagReport& report) {
    json::object out;
    out["stream"] = report.stream;
    out["agent"] = report.agent;
    out["role"] = to_string(report.role);
    out["epoch"] = or_null(report.epoch);
    out["time"] = to_rfc3339(report.time);
    out["proof"] = to_string(report.proof);
    out["objective_seconds"] = report.objective_seconds;
    out["floor_seconds"] = or_null(report.floor_seconds);
    out["rpo_seconds"] = or_null(report.rpo_seconds);
    out["complete_rpo_seconds"] = or_null(report.complete_rpo_seconds);
    out["lag_seconds"] = or_null(report.lag_seconds);
    out["error_seconds"] = or_null(report.error_seconds);
    out["clock"] = clock_json(report.clock);
    json::array peers;
    for (const PeerFigures& peer : report.peers) {
        peers.push_back(peer_json(peer));
    }
    out["peers"] = std::move(peers);
    out["store"] = store_json(report.store);
    return out;
}

}  // namespace farshore::control
