#include "agent/control/metrics_page.hpp"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

namespace farshore::control {
namespace {

StatusReport sample() {
    StatusReport status;
    status.version = "0.1.0";
    status.lag.stream = "shop";
    status.lag.agent = "app-\"east\"";
    status.lag.epoch = Epoch(3);
    status.lag.rpo_seconds = 0.84;
    PeerFigures peer;
    peer.name = "app-west";
    peer.received_mark = MarkNumber(1841);
    peer.sources.resize(2);
    peer.sources[0].name = "a";
    peer.sources[0].pending_bytes = 10;
    peer.sources[1].name = "b";
    peer.sources[1].pending_bytes = 20;
    status.lag.peers.push_back(peer);
    return status;
}

TEST(MetricsPage, LabelsAreEscapedAndUnknownFiguresLeftOut) {
    const std::string page = metrics_page(sample(), {});
    EXPECT_NE(page.find("farshore_rpo_seconds{stream=\"shop\",agent=\"app-\\\"east\\\"\","
                        "role=\"primary\",epoch=\"3\"} 0.84\n"),
              std::string::npos)
        << page;
    EXPECT_EQ(page.find("farshore_lag_seconds"), std::string::npos);
    EXPECT_NE(page.find("farshore_peer_received_mark{"), std::string::npos);
}

TEST(MetricsPage, EachNameHasItsHelpAndTypeOnceBeforeItsSamples) {
    const std::string page =
        metrics_page(sample(), {{"cuts_total", "Cuts committed.", 7, {{"kind", "mark"}}}});
    std::istringstream lines(page);
    std::string line;
    std::string family;
    std::set<std::string> families;
    while (std::getline(lines, line)) {
        if (line.starts_with("# HELP ")) {
            family = line.substr(7, line.find(' ', 7) - 7);
            EXPECT_TRUE(families.insert(family).second) << family;
            EXPECT_TRUE(family.starts_with("farshore_")) << family;
        } else if (!line.starts_with("# TYPE ")) {
            EXPECT_EQ(line.substr(0, line.find('{')), family) << line;
        }
    }
    EXPECT_NE(page.find("# TYPE farshore_cuts_total counter\n"), std::string::npos);
    EXPECT_NE(page.find("# TYPE farshore_source_pending_bytes gauge\n"), std::string::npos);
}

}  // namespace
}  // namespace farshore::control
