#include "agent/control/lag_json.hpp"

#include <gtest/gtest.h>

#include "agent/control/json_text.hpp"

namespace farshore::control {
namespace {

LagReport full_report() {
    LagReport report;
    report.stream = "shop";
    report.agent = "app-east";
    report.epoch = Epoch(1);
    report.time = *parse_rfc3339("2026-11-22T18:44:49.123456789Z");
    report.proof = Proof::proven;
    report.objective_seconds = 30;
    report.floor_seconds = 1.07;
    report.rpo_seconds = report.complete_rpo_seconds = 0.84;
    report.lag_seconds = 0.91;
    report.error_seconds = 0.002;
    report.clock = {true, 0.0011, 0.0003, 0.0009};
    PeerFigures peer;
    peer.name = "app-west";
    peer.state = PeerState::streaming;
    peer.connected_since = parse_rfc3339("2026-11-22T18:00:00Z");
    peer.round_trip_seconds = 0.071;
    peer.received_mark = peer.applied_mark = MarkNumber(1841);
    peer.rpo_seconds = 0.84;
    peer.lag_seconds = 0.91;
    SourceFigures tree;
    tree.name = "uploads";
    tree.rpo_seconds = 0.84;
    tree.lag_seconds = 0.91;
    tree.pending_files = tree.pending_bytes = 0;
    SourceFigures database;
    database.name = "app";
    database.kind = SourceKind::database;
    database.rpo_seconds = 0.84;
    database.lag_seconds = 0.91;
    database.pending_bytes = 0;
    database.captured_lsn = database.received_lsn = database.applied_lsn = Lsn(0x16B3748);
    database.slot = SlotFigures{1024, "reserved", std::nullopt, 50'000'000, 3600.0};
    database.gaps = {{"public.item", "no such row", parse_rfc3339("2026-11-22T18:44:40Z"), 7},
                     {"", "the slot is gone", std::nullopt, 8}};
    peer.sources = {tree, database};
    report.peers.push_back(peer);
    report.store = {0, 0, parse_rfc3339("2026-11-22T18:44:40Z"), std::nullopt, 0, std::nullopt};
    return report;
}

// INTERFACE.md's example, with the members it adds to a peer.
TEST(LagJson, IsTheInterfacesForm) {
    EXPECT_EQ(
        json_text(to_json(full_report())),
        R"({"stream": "shop", "agent": "app-east", "role": "primary", "epoch": 1, )"
        R"("time": "2026-11-22T18:44:49.123456789Z", "proof": "proven", "objective_seconds": 30, )"
        R"("floor_seconds": 1.07, "rpo_seconds": 0.84, "complete_rpo_seconds": 0.84, )"
        R"("lag_seconds": 0.91, "error_seconds": 0.002, )"
        R"("clock": {"synchronised": true, "error_seconds": 0.0011, "offset_seconds": 0.0003, )"
        R"("offset_error_seconds": 0.0009}, )"
        R"("peers": [{"name": "app-west", "state": "streaming", )"
        R"("connected_since": "2026-11-22T18:00:00.000000000Z", "round_trip_seconds": 0.071, )"
        R"("received_mark": 1841, "applied_mark": 1841, "rpo_seconds": 0.84, )"
        R"("complete_rpo_seconds": null, "lag_seconds": 0.91, "error_seconds": null, )"
        R"("sources": [{"name": "uploads", "kind": "tree", "rpo_seconds": 0.84, )"
        R"("lag_seconds": 0.91, "pending_files": 0, "pending_bytes": 0}, )"
        R"({"name": "app", "kind": "database", "rpo_seconds": 0.84, "lag_seconds": 0.91, )"
        R"("pending_bytes": 0, "captured_lsn": "0/16B3748", "received_lsn": "0/16B3748", )"
        R"("applied_lsn": "0/16B3748", "slot": {"retained_bytes": 1024, )"
        R"("wal_status": "reserved", "safe_wal_bytes": null, "limit_bytes": 50000000, )"
        R"("time_left_seconds": 3600}, "gaps": [{"id": 7, "table": "public.item", )"
        R"("reason": "no such row", "since": "2026-11-22T18:44:40.000000000Z"}, )"
        R"({"id": 8, "table": null, "reason": "the slot is gone", "since": null}]}]}], )"
        R"("store": {"queued": 0, "oldest_queued_seconds": 0, )"
        R"("last_upload": "2026-11-22T18:44:40.000000000Z", "error": null, )"
        R"("queued_bytes": 0, "not_attested_since": null}})");
}

TEST(LagJson, WhatIsNotKnownIsNull) {
    LagReport report;
    report.role = config::Role::secondary;
    report.peers.emplace_back();
    report.peers[0].state = PeerState::stopped;
    report.peers[0].reason = "conflict in table a";
    report.peers[0].sources.emplace_back();
    const std::string text = json_text(to_json(report));
    EXPECT_NE(text.find(R"("proof": "unknown")"), std::string::npos);
    EXPECT_NE(text.find(R"("epoch": null)"), std::string::npos);
    EXPECT_NE(text.find(R"("rpo_seconds": null, "complete_rpo_seconds": null)"), std::string::npos);
    EXPECT_NE(text.find(R"("state": "stopped", "reason": "conflict in table a")"),
              std::string::npos);
    EXPECT_NE(text.find(R"("pending_files": null)"), std::string::npos);
}

}  // namespace
}  // namespace farshore::control
