#include "agent/commands/lag_text.hpp"

#include <gtest/gtest.h>

#include "agent/control/lag_json.hpp"

namespace farshore::commands {
namespace {

control::LagReport report() {
    control::LagReport lag;
    lag.stream = "shop";
    lag.agent = "app-east";
    lag.epoch = Epoch(1);
    lag.time = *parse_rfc3339("2026-11-22T18:44:49Z");
    lag.proof = control::Proof::proven;
    lag.objective_seconds = 30;
    lag.rpo_seconds = 0.84;
    control::PeerFigures peer;
    peer.name = "app-west";
    peer.state = control::PeerState::stopped;
    peer.reason = "conflict in public.orders";
    peer.received_mark = MarkNumber(1841);
    control::SourceFigures tree;
    tree.name = "uploads";
    tree.pending_files = 1;
    tree.pending_bytes = 1'500;
    control::SourceFigures database;
    database.name = "app";
    database.kind = control::SourceKind::database;
    database.applied_lsn = Lsn(0x16B3748);
    peer.sources = {tree, database};
    lag.peers.push_back(peer);
    lag.store.queued = 2;
    lag.store.error = "403 from the bucket";
    return lag;
}

TEST(LagText, SaysWhatIsKnownWithUnitsAndWhatIsNot) {
    const std::string text = lag_text(control::to_json(report()));
    for (const char* part :
         {"stream shop: app-east, primary, epoch 1, 2026-11-22 18:44:49Z",
          "0.84 s   proven; objective 30.00 s, floor unknown", "app-west  stopped: conflict",
          "mark received 1841, applied -", "pending 1 file, 1.5 kB", "applied 0/16B3748",
          "2 objects queued", "403 from the bucket"}) {
        EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
    }
}

TEST(LagText, TheWatchedLineIsOneLine) {
    const std::string line = lag_line(control::to_json(report()));
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    EXPECT_NE(line.find("app-west stopped 1841/-"), std::string::npos) << line;
}

}  // namespace
}  // namespace farshore::commands
