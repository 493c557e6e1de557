// A peer that is not who it should be, or that says what it must not: named on both sides, nothing
// half done, and the true peer goes on.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "agent/connection/dialer.hpp"
#include "agent/runtime/random.hpp"
#include "agent/runtime/system_clock.hpp"
#include "protocol/message_cut.hpp"
#include "storage/disk/posix_file_system.hpp"
#include "tests/support/agent_pair.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::test {
namespace {

namespace fs = std::filesystem;

class BadPeers : public ::testing::Test {
  protected:
    BadPeers() {
        settings_.trees.push_back({"files", root_ / "source", root_ / "replica"});
        settings_.config_lines = {{"replication", "mark_interval = \"200ms\""}};
        pair_ = std::make_unique<AgentPair>(settings_);
        std::ofstream(root_ / "source/file") << "1";
    }

    // True when `farshore status` of the agent has each of the texts before long.
    [[nodiscard]] bool status_says(const std::string& agent, const std::vector<std::string>& texts,
                                   bool says = true) const {
        return eventually([&] {
            const std::string out = pair_->command(agent, {"status"}).out;
            return !out.empty() &&
                   std::all_of(texts.begin(), texts.end(), [&](const std::string& text) {
                       return (out.find(text) != std::string::npos) == says;
                   });
        });
    }
    [[nodiscard]] std::string both_say() const {
        return "east: " + pair_->command("east", {"status"}).out +
               "west: " + pair_->command("west", {"status"}).out + pair_->log("east") +
               pair_->log("west");
    }
    // The files of agent `from` in another pair, put into the place of `to` in ours.
    void take_files(const AgentPair& other, const std::string& from, const std::string& to,
                    const std::vector<std::string>& names) const {
        for (const std::string& name : names) {
            fs::copy_file(fs::path(other.config_file(from)).parent_path() / name,
                          fs::path(pair_->config_file(to)).parent_path() / name,
                          fs::copy_options::overwrite_existing);
        }
    }
    // One more tree, for the agent's next start.
    void add_tree(const std::string& agent, const std::string& folder) const {
        fs::create_directory(root_ / folder);
        std::ofstream(pair_->config_file(agent), std::ios::app)
            << "\n[[tree]]\nname = \"extra\"\npath = \"" << root_ / folder << "\"\n";
    }
    void expect_true_peer_goes_on() {
        const Outcome flushed = pair_->flush();
        EXPECT_EQ(flushed.status, 0) << flushed.err << both_say();
        EXPECT_TRUE(fs::exists(root_ / "replica/file"));
    }

    TemporaryDirectory root_;
    PairSettings settings_;
    std::unique_ptr<AgentPair> pair_;
};

TEST_F(BadPeers, ATreeThatOnlyThePrimaryHas) {
    add_tree("east", "source2");
    pair_->start_both();
    for (const char* asked : {"east", "west"}) {
        EXPECT_TRUE(status_says(asked, {"BAD_CONFIG", "tree extra"})) << both_say();
    }
    EXPECT_FALSE(fs::exists(root_ / "replica/file"));
    add_tree("west", "replica2");
    EXPECT_EQ(pair_->stop("west"), 0);
    pair_->start("west");
    std::ofstream(root_ / "source2/second") << "2";
    expect_true_peer_goes_on();
    EXPECT_TRUE(fs::exists(root_ / "replica2/second"));
    EXPECT_TRUE(status_says("east", {"BAD_CONFIG"}, false)) << both_say();
}

TEST_F(BadPeers, ATreeThatOnlyTheSecondaryHas) {
    add_tree("west", "replica2");
    pair_->start_both();
    expect_true_peer_goes_on();
    EXPECT_TRUE(status_says("west", {"extra", "the config of east does not have it"}))
        << both_say();
}

TEST_F(BadPeers, ACertificateOfAnotherCa) {
    PairSettings others;
    others.trees = settings_.trees;
    const AgentPair other(others);
    take_files(other, "east", "east", {"ca.crt", "agent.crt", "agent.key"});
    pair_->start_both();
    EXPECT_TRUE(status_says("east", {"TLS_FAILED", "west"})) << both_say();
    EXPECT_TRUE(status_says("west", {"TLS_FAILED"})) << both_say();
    EXPECT_FALSE(fs::exists(root_ / "replica/file"));
    // Tried each second or so: said once, not each time.
    const std::string log = pair_->log("west");
    std::size_t lines = 0;
    for (std::size_t at = 0; (at = log.find("TLS_FAILED", at)) != std::string::npos; ++at) {
        ++lines;
    }
    EXPECT_LE(lines, 4U) << log;
}

TEST_F(BadPeers, ACertificateWithAnotherAgentsName) {
    // West's own certificate in east's place: of the right CA, with the wrong name.
    take_files(*pair_, "west", "east", {"agent.crt", "agent.key"});
    const Outcome checked =
        run({AgentPair::binary(), "agent", "--check", "--config", pair_->config_file("east")});
    EXPECT_EQ(checked.status, 2) << checked.out;
    EXPECT_NE(checked.out.find("WRONG_PEER"), std::string::npos) << checked.out;
    pair_->start_both();
    EXPECT_TRUE(status_says("east", {"WRONG_PEER"})) << both_say();
    EXPECT_TRUE(status_says("west", {"WRONG_PEER"})) << both_say();
    EXPECT_FALSE(fs::exists(root_ / "replica/file"));
}

TEST_F(BadPeers, APeerThatTheTrustFileDoesNotName) {
    // West trusts only itself: what east signs is not believed.
    const fs::path trust = fs::path(pair_->config_file("west")).parent_path() / "trust.toml";
    std::ifstream in(trust);
    std::string line;
    std::string kept;
    bool of_east = false;
    std::string table;
    while (std::getline(in, line)) {
        if (line.starts_with("[[agent]]")) {
            table = line + "\n";
            continue;
        }
        if (line.starts_with("name")) {
            of_east = line.find("\"east\"") != std::string::npos;
            kept += of_east ? "" : table;
        }
        kept += of_east ? "" : line + "\n";
    }
    in.close();
    std::ofstream(trust) << kept;
    pair_->start_both();
    EXPECT_TRUE(status_says("west", {"UNTRUSTED", "east"})) << both_say();
    EXPECT_TRUE(status_says("east", {"UNTRUSTED"})) << both_say();
    EXPECT_FALSE(fs::exists(root_ / "replica/file"));
}

// Somebody who has got hold of east's certificate and speaks our protocol.
class HostilePrimary : public BadPeers {
  protected:
    connection::SessionPtr dial() {
        const std::string folder = fs::path(pair_->config_file("east")).parent_path();
        tls_ = std::make_unique<connection::TlsContext>(
            connection::load_tls_material(files_, {.ca = folder + "/ca.crt",
                                                   .certificate = folder + "/agent.crt",
                                                   .key = folder + "/agent.key"}));
        dialer_ = std::make_unique<connection::Dialer>(
            network_, *tls_, clock_, [this](std::size_t count) { return random_.bytes(count); },
            connection::DialOptions{});
        Hello hello;
        hello.stream = StreamName("demo");
        hello.agent = AgentName("east");
        hello.epoch = Epoch(1);
        hello.boot_id = std::string(16, 'b');
        hello.bulk_lanes = 1;
        hello.trees = {SourceName("files")};
        return dialer_->dial(AgentName("west"), address_of_west(), hello);
    }
    [[nodiscard]] std::string address_of_west() const {
        std::ifstream in(pair_->config_file("west"));
        const std::string text{std::istreambuf_iterator<char>(in), {}};
        const std::size_t begin = text.find("listen = \"") + 10;
        return text.substr(begin, text.find('"', begin) - begin);
    }
    // The reason that west closes the session with.
    static std::string reason_of_end(const connection::SessionPtr& session) {
        try {
            for (int i = 0; i < 1'000; ++i) {
                static_cast<void>(session->control->receive(Duration::from_ms(20)));
            }
        } catch (const Error& error) {
            return error.message();
        }
        return "the session did not end";
    }
    void expect_refused(const std::vector<FileEntry>& entries, const std::string& why) {
        pair_->start("west");
        connection::SessionPtr session;
        ASSERT_TRUE(eventually([&] {
            try {
                session = dial();
            } catch (const Error&) {
                return false;  // west is starting
            }
            return true;
        }));
        CutBegin begin;
        begin.cut = CutNumber(1);
        send(*session->control, begin);
        send(*session->control, CutEntries{.tree = SourceName("files"), .entries = entries});
        EXPECT_PRED_FORMAT2(::testing::IsSubstring, why, reason_of_end(session));
        session.reset();
        EXPECT_TRUE(status_says("west", {"UNSAFE_PATH", why})) << both_say();
        EXPECT_FALSE(fs::exists(root_ / "escaped"));
        pair_->start("east");
        expect_true_peer_goes_on();
        EXPECT_TRUE(status_says("west", {"UNSAFE_PATH"}, false)) << both_say();
    }

    storage::PosixFileSystem files_;
    runtime::SystemClock clock_;
    runtime::SystemRandom random_;
    connection::Network network_;
    std::unique_ptr<connection::TlsContext> tls_;
    std::unique_ptr<connection::Dialer> dialer_;
};

FileEntry directory(const std::string& path) {
    FileEntry entry;
    entry.path = path;
    entry.type = EntryType::directory;
    entry.mode = 0755;
    return entry;
}

TEST_F(HostilePrimary, APathThatLeavesTheTree) {
    expect_refused({directory("."), directory("a/../../escaped")}, "a/../../escaped");
}

TEST_F(HostilePrimary, AnAbsolutePath) {
    expect_refused({directory("."), directory(root_ / "escaped")}, root_ / "escaped");
}

TEST_F(HostilePrimary, APathIntoOurOwnFolder) {
    expect_refused({directory("."), directory(".farshore/marker")}, ".farshore/marker");
}

}  // namespace
}  // namespace farshore::test
