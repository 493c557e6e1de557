#include "agent/control/control_server.hpp"
#include "protocol/error.hpp"
#include "tests/agent/commands/command_fixture.hpp"
#include "tests/agent/control/fake_agent.hpp"

namespace farshore::commands {
namespace {

// Answers with the figures that the test sets.
class FiguresAgent : public control::FakeAgent {
  public:
    control::LagReport lag() override { return lag_; }
};

class CheckTest : public CommandTest {
  protected:
    void SetUp() override {
        CommandTest::SetUp();
        agent_.lag_.stream = "shop";
        agent_.lag_.peers.emplace_back();
        agent_.lag_.peers[0].name = "west";
        agent_.lag_.peers[0].state = control::PeerState::streaming;
    }
    int check(std::optional<double> rpo, std::optional<double> lag) {
        agent_.lag_.rpo_seconds = rpo;
        agent_.lag_.lag_seconds = lag;
        const control::ControlServer server(folder_ + "/s", agent_);
        return run(run_check, {"--warning", "30s", "--critical", "2m", "--socket", folder_ + "/s"});
    }
    FiguresAgent agent_;
};

TEST_F(CheckTest, OkWarningCriticalUnknown) {
    EXPECT_EQ(check(0.84, 0.91), 0);
    EXPECT_EQ(printed_,
              "FARSHORE OK - shop: RPO 0.84 s, lag 0.91 s, unknown, west streaming | "
              "rpo=0.84s;30;120;0 lag=0.91s;30;120;0 complete_rpo=U;;;0 error=U;;;0\n");
    EXPECT_EQ(check(31, 0.91), 1);
    EXPECT_EQ(check(0.84, 200), 2);
    EXPECT_TRUE(printed_.starts_with("FARSHORE CRITICAL - ")) << printed_;
    EXPECT_EQ(check(std::nullopt, 0.91), 3);
    EXPECT_EQ(check(std::nullopt, 200), 2) << "what is known to be bad is said first";
}

TEST_F(CheckTest, AStoppedPeerIsAtLeastAWarning) {
    agent_.lag_.peers[0].state = control::PeerState::stopped;
    agent_.lag_.peers[0].reason = "conflict | in a";
    EXPECT_EQ(check(0.84, 0.91), 1);
    EXPECT_NE(printed_.find("west stopped (conflict / in a) | rpo="), std::string::npos)
        << printed_;
}

TEST_F(CheckTest, WhateverTheReasonItIsOneLine) {
    agent_.lag_.peers[0].state = control::PeerState::stopped;
    agent_.lag_.peers[0].reason = "app: DDL_PENDING the primary ran: CREATE TABLE t (\n  a int\n)";
    EXPECT_EQ(check(0.84, 0.91), 1);
    EXPECT_EQ(printed_.find('\n'), printed_.size() - 1) << printed_;
}

TEST_F(CheckTest, WhatWaitsForTheOperatorIsAWarningAlthoughChangesFlow) {
    agent_.lag_.peers[0].reason = "files: DELETIONS_HELD 120 paths";
    EXPECT_EQ(check(0.84, 0.91), 1);
    EXPECT_NE(printed_.find("west streaming (files: DELETIONS_HELD 120 paths)"), std::string::npos)
        << printed_;
}

TEST_F(CheckTest, WithoutAnAgentOrWithWrongOptionsItIsUnknown) {
    EXPECT_EQ(run(run_check, {"--socket", folder_ + "/nobody"}), 3);
    EXPECT_TRUE(printed_.starts_with("FARSHORE UNKNOWN - no agent answers at ")) << printed_;
    EXPECT_EQ(run(run_check, {"--warning", "soon"}), 3);
    EXPECT_EQ(run(run_check, {"--warning", "3m", "--critical", "2m"}), 3);
    EXPECT_NE(printed_.find("--warning is above --critical"), std::string::npos) << printed_;
}

}  // namespace
}  // namespace farshore::commands
