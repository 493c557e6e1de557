// Certificates and signing keys are exchanged while the pair runs: neither the stream nor the chain
// breaks.

#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "tests/support/agent_pair.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::test {
namespace {

namespace fs = std::filesystem;

class Rotation : public ::testing::Test {
  protected:
    Rotation() {
        settings_.trees.push_back({"files", root_ / "source", root_ / "replica"});
        settings_.config_lines = {{"replication", "mark_interval = \"200ms\""},
                                  {"store", "upload_interval = \"1s\""}};
        pair_ = std::make_unique<AgentPair>(settings_);
        pair_->start_both();
        arrives("first");
    }

    void arrives(const std::string& name) {
        std::ofstream(root_ / "source/" + name) << name;
        const Outcome flushed = pair_->flush();
        ASSERT_EQ(flushed.status, 0) << flushed.err << pair_->log("east") << pair_->log("west");
        EXPECT_EQ(read_whole(root_ / "replica/" + name), name);
    }
    [[nodiscard]] std::string file_of(const std::string& agent, const std::string& name) const {
        return (fs::path(pair_->config_file(agent)).parent_path() / name).string();
    }
    static std::size_t count(const std::string& text, const std::string& part) {
        std::size_t found = 0;
        for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) {
            ++found;
        }
        return found;
    }
    // SIGHUP, and the agent has taken what is there now.
    void reload(const std::string& agent) {
        const std::size_t before = count(pair_->log(agent), " reloaded: ");
        pair_->process(agent).signal(SIGHUP);
        ASSERT_TRUE(eventually([&] { return count(pair_->log(agent), " reloaded: ") > before; }))
            << pair_->log(agent);
    }
    void expect_equal() {
        for (const char* agent : {"west", "east"}) {
            const Outcome verified = pair_->verify(agent);
            EXPECT_EQ(verified.status, 0) << agent << ": " << verified.out << verified.err;
        }
    }

    TemporaryDirectory root_;
    PairSettings settings_;
    std::unique_ptr<AgentPair> pair_;
};

TEST_F(Rotation, CertificatesOfAnotherCaAreTakenWhileTheStreamGoesOn) {
    const AgentPair other(settings_);
    for (const std::string agent : {"east", "west"}) {
        for (const char* name : {"ca.crt", "agent.crt", "agent.key"}) {
            fs::copy_file(fs::path(other.config_file(agent)).parent_path() / name,
                          file_of(agent, name), fs::copy_options::overwrite_existing);
        }
        reload(agent);
    }
    arrives("by the session that was there");
    EXPECT_EQ(count(pair_->log("east"), "session with west opened"), 1U) << pair_->log("east");
    // East was not restarted: it dials with what it was given meanwhile.
    EXPECT_EQ(pair_->stop("west"), 0);
    pair_->start("west");
    arrives("by a session under the new CA");
    expect_equal();
}

TEST_F(Rotation, ASigningKeyIsExchangedWithoutABreakInTheChain) {
    for (const std::string agent : {"east", "west"}) {
        const Outcome made = run({AgentPair::binary(), "keygen", "--out", root_ / agent, "--json"});
        ASSERT_EQ(made.status, 0) << made.err;
        const std::string key(boost::json::parse(made.out).at("key").as_string());
        for (const char* host : {"east", "west"}) {
            std::ofstream(file_of(host, "trust.toml"), std::ios::app)
                << "\n[[agent]]\nname = \"" << agent << "\"\nkey = \"" << key << "\"\n";
        }
    }
    // First everybody knows the new keys, then they are used.
    reload("east");
    reload("west");
    for (const std::string agent : {"east", "west"}) {
        fs::copy_file(root_ / agent, file_of(agent, "signing.key"),
                      fs::copy_options::overwrite_existing);
        reload(agent);
        arrives("signed after " + agent);
    }
    EXPECT_EQ(count(pair_->log("east"), "session with west opened"), 1U) << pair_->log("east");
    expect_equal();
    for (const std::string agent : {"east", "west"}) {
        EXPECT_EQ(pair_->stop(agent), 0);
        pair_->start(agent);
    }
    arrives("after a restart");
    expect_equal();
}

TEST_F(Rotation, WhatIsOfNoUseIsNamedAndAllStaysAsItWas) {
    const std::string good = read_whole(file_of("west", "agent.crt"));
    write_whole(file_of("west", "agent.crt"), "no certificate");
    pair_->process("west").signal(SIGHUP);
    EXPECT_TRUE(eventually([&] {
        const std::string status = pair_->command("west", {"status"}).out;
        return status.find("not reloaded, all stays as it was") != std::string::npos &&
               status.find("agent.crt") != std::string::npos;
    })) << pair_->log("west");
    const Outcome checked = pair_->command("west", {"check"});
    EXPECT_EQ(checked.status, 1) << checked.out;
    EXPECT_NE(checked.out.find("BAD_KEY"), std::string::npos) << checked.out;
    arrives("meanwhile");
    write_whole(file_of("west", "agent.crt"), good);
    reload("west");
    EXPECT_EQ(pair_->command("west", {"check"}).status, 0);
}

}  // namespace
}  // namespace farshore::test
