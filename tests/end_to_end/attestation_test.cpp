// The store goes away and comes back: replication does not notice, the hosts say since when nothing
// outside of them proves it, and afterwards the evidence is whole and says what came late.

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "tests/support/agent_pair.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::chrono::seconds patience(120);

class Attestation : public ::testing::Test {
  protected:
    Attestation() {
        settings_.trees.push_back({"files", root_ / "source", root_ / "replica"});
        settings_.config_lines = {{"replication", "mark_interval = \"200ms\""},
                                  {"store", "upload_interval = \"500ms\""}};
        fs::create_directories(root_ / "source");
        pair_ = std::make_unique<AgentPair>(settings_);
    }

    [[nodiscard]] std::string store() const { return pair_->directory() + "/store"; }
    [[nodiscard]] json::value store_of(const std::string& agent) const {
        const json::value lag = pair_->lag(agent);
        return lag.is_object() ? lag.at("store") : json::value(json::object());
    }
    [[nodiscard]] bool is_attested(const std::string& agent) const {
        const json::value store = store_of(agent);
        return store.as_object().contains("not_attested_since") &&
               store.at("not_attested_since").is_null();
    }
    [[nodiscard]] bool all_stored(const std::string& agent) const {
        const json::value store = store_of(agent);
        return is_attested(agent) && !store.at("last_upload").is_null() &&
               store.at("error").is_null();
    }

    // A file where the folder was: no right helps against that, not even root's.
    void take_store_away() const {
        fs::rename(store(), store() + ".away");
        write_whole(store(), "not a folder");
    }
    void bring_store_back() const {
        fs::remove(store());
        fs::rename(store() + ".away", store());
    }
    void put(const std::string& name) const {
        write_whole(root_ / "source" + "/" + name, name);
        const Outcome flushed = pair_->flush();
        ASSERT_EQ(flushed.status, 0) << flushed.err << pair_->log("east");
    }
    void expect_said(const std::string& agent) const {
        EXPECT_TRUE(eventually(
            [&] { return !store_of(agent).as_object().empty() && !is_attested(agent); }, patience))
            << pair_->log(agent);
        const Outcome checked = pair_->command(agent, {"check"});
        EXPECT_EQ(checked.status, 1) << checked.out;
        EXPECT_NE(checked.out.find("NOT_ATTESTED since 20"), std::string::npos) << checked.out;
        const Outcome status = pair_->command(agent, {"status"});
        EXPECT_NE(status.out.find("(store): NOT_ATTESTED since 20"), std::string::npos)
            << status.out;
    }
    void expect_sound() const {
        const Outcome ours =
            run({AgentPair::binary(), "verify", "--chain", "--store", "file:" + store(), "--trust",
                 pair_->directory() + "/trust.toml"});
        EXPECT_EQ(ours.status, 0) << ours.out << ours.err;
        const Outcome theirs =
            run({"python3", FARSHORE_SOURCE_ROOT "/packaging/verify/farshore-verify.py", "--store",
                 store(), "--trust", pair_->directory() + "/trust.toml"});
        EXPECT_EQ(theirs.status, 0) << theirs.out << theirs.err;
    }

    TemporaryDirectory root_;
    PairSettings settings_;
    std::unique_ptr<AgentPair> pair_;
};

TEST_F(Attestation, AStoreThatIsAwayCostsAttestationAndNothingElse) {
    pair_->start_both();
    put("before");
    ASSERT_TRUE(eventually([&] { return all_stored("east") && all_stored("west"); }, patience));
    take_store_away();
    put("while it is away");
    EXPECT_EQ(read_whole(root_ / "replica" + "/while it is away"), "while it is away");
    expect_said("east");
    expect_said("west");

    // The queue is on the disk.
    pair_->kill("east");
    pair_->start("east");
    pair_->kill("west");
    pair_->start("west");
    put("after a restart");
    for (const std::string agent : {"east", "west"}) {
        EXPECT_TRUE(eventually(
            [&] {
                const json::value store = store_of(agent);
                const json::value* waited = store.as_object().if_contains("oldest_queued_seconds");
                return waited != nullptr && waited->is_number() && waited->to_number<double>() > 31;
            },
            patience));
        EXPECT_GT(store_of(agent).at("queued_bytes").to_number<double>(), 0);
    }

    bring_store_back();
    EXPECT_TRUE(eventually([&] { return all_stored("east") && all_stored("west"); }, patience))
        << pair_->log("east") << pair_->log("west");
    put("when it is back");
    EXPECT_EQ(pair_->stop("east"), 0) << pair_->log("east");
    EXPECT_EQ(pair_->stop("west"), 0) << pair_->log("west");
    expect_sound();

    const Outcome report = run({AgentPair::binary(), "report", "--json", "--store",
                                "file:" + store(), "--trust", pair_->directory() + "/trust.toml"});
    const json::array late = json::parse(report.out).at("not_attested").as_array();
    ASSERT_EQ(late.size(), 2U) << report.out << report.err;
    EXPECT_EQ(late[0].at("agent").as_string(), "east");
    EXPECT_EQ(late[1].at("agent").as_string(), "west");
    for (const json::value& span : late) {
        EXPECT_LT(span.at("from").as_string(), span.at("made").as_string());
        EXPECT_LT(span.at("made").as_string(), span.at("stored").as_string());
        EXPECT_GT(span.at("records").to_number<int>(), 1);
    }
}

}  // namespace
}  // namespace farshore::test
