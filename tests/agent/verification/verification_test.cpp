#include "agent/verification/verification.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "storage/evidence/trust_file.hpp"
#include "tests/support/evidence_world.hpp"
#include "tests/support/process.hpp"

namespace farshore::verification {
namespace {

// A store on disk, and the trust file: what somebody has who has no agent.
class VerifyOffline : public testing::Test {
  protected:
    VerifyReport verify(std::optional<MarkNumber> at) {
        for (const auto& [key, bytes] : world_.store.objects) {
            const std::string path = directory_ / ("store/" + key);
            std::filesystem::create_directories(std::filesystem::path(path).parent_path());
            test::write_whole(path, bytes);
        }
        test::write_whole(directory_ / "trust.toml", storage::write_trust_file(world_.trust));
        std::filesystem::create_directory(directory_ / "tree");
        OfflineRequest request;
        request.verify.files = true;
        request.verify.at = at;
        request.store.url = "file:" + (directory_ / "store");
        request.trust = directory_ / "trust.toml";
        config::Tree tree;
        tree.name = world_.tree;
        tree.path = directory_ / "tree";
        request.trees.push_back(tree);
        return verify_offline(request, {});
    }

    test::EvidenceWorld world_;
    test::TemporaryDirectory directory_;
};

TEST_F(VerifyOffline, OfTheLastMarkOfAManifestEveryPathIsCompared) {
    world_.run(2);
    const VerifyReport report = verify(std::nullopt);
    EXPECT_TRUE(report.unchecked.empty());
    EXPECT_EQ(report.checked.back().count, world_.entries.size());
}

// "Equal" would be said of what nobody looked at.
TEST_F(VerifyOffline, WhatChangedAgainWithinTheManifestIsNamedAsUnchecked) {
    world_.run(1);
    world_.change(30);
    world_.mark();
    const MarkNumber at = world_.last_mark;
    world_.change(30);
    world_.mark();
    world_.write_manifest();
    world_.write_receipt();
    world_.upload();
    const VerifyReport report = verify(at);
    ASSERT_EQ(report.unchecked.size(), 1U);
    EXPECT_EQ(report.unchecked[0].what, "tree");
    EXPECT_NE(report.unchecked[0].why.find("changed again after mark"), std::string::npos)
        << report.unchecked[0].why;
}

}  // namespace
}  // namespace farshore::verification
