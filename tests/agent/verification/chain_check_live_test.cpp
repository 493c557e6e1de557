// A store that an agent writes to while it is checked.
#include <gtest/gtest.h>

#include <functional>

#include "agent/verification/chain_check.hpp"
#include "tests/support/evidence_world.hpp"

namespace farshore::verification {
namespace {

// Instead of sleeping: the agent goes on, or does not.
class AgentThatGoesOn : public runtime::Sleeper {
  public:
    explicit AgentThatGoesOn(std::function<void()> go_on) : go_on_(std::move(go_on)) {}
    bool sleep(Duration duration, const runtime::StopToken&) override {
        slept_ = slept_ + duration;
        go_on_();
        return true;
    }
    [[nodiscard]] Duration slept() const { return slept_; }

  private:
    std::function<void()> go_on_;
    Duration slept_;
};

// Between the upload of the fourth manifest's lists and that of the manifest.
class ChainCheckLiveTest : public testing::Test {
  protected:
    void SetUp() override {
        world_.run(4);
        key_ = world_.manifest_key(4);
        manifest_ = world_.store.objects.at(key_);
        world_.store.objects.erase(key_);
        world_.store.objects.erase(world_.receipt_key(4));
    }

    VerifyReport check(AgentThatGoesOn& agent) {
        VerifyReport report;
        check_chain(world_.store, world_.trust, report, {}, nullptr, &agent);
        return report;
    }

    test::EvidenceWorld world_;
    std::string key_;
    std::string manifest_;
};

TEST_F(ChainCheckLiveTest, AManifestThatComesBehindItsListIsNotMissing) {
    AgentThatGoesOn agent([&] { world_.store.objects[key_] = manifest_; });
    EXPECT_TRUE(check(agent).findings.empty());
    EXPECT_GT(agent.slept(), Duration());
}

TEST_F(ChainCheckLiveTest, AManifestThatNeverComesIsMissingAfterAWhile) {
    AgentThatGoesOn agent([] {});
    const VerifyReport report = check(agent);
    ASSERT_EQ(report.findings.size(), 1U);
    EXPECT_EQ(report.findings[0].kind, FindingKind::object_missing);
    EXPECT_EQ(report.findings[0].place, key_);
    EXPECT_EQ(agent.slept(), manifest_patience);
}

}  // namespace
}  // namespace farshore::verification
