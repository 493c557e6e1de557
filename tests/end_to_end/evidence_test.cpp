// Evidence end to end: what was signed is found altered, what was replicated is found changed, and
// the figures grow when nothing arrives.

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/agent_pair.hpp"
#include "tests/support/s3_server.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::test {
namespace {

namespace fs = std::filesystem;

class Evidence : public ::testing::Test {
  protected:
    Evidence() {
        settings_.trees.push_back({"files", source(), replica()});
        settings_.config_lines = {{"replication", "mark_interval = \"200ms\""},
                                  {"store", "upload_interval = \"500ms\""}};
    }

    [[nodiscard]] std::string source() const { return root_ / "source"; }
    [[nodiscard]] std::string replica() const { return root_ / "replica"; }
    [[nodiscard]] std::string store() const { return pair_->directory() + "/store"; }

    // Some history: several manifests and receipts.
    void make_history() {
        fs::create_directories(source());
        pair_ = std::make_unique<AgentPair>(settings_);
        pair_->start_both();
        for (int i = 0; i < 5; ++i) {
            write_whole(source() + "/file" + std::to_string(i), std::string(1000, 'a'));
            const Outcome flushed = pair_->flush();
            ASSERT_EQ(flushed.status, 0) << flushed.err << pair_->log("east");
            std::this_thread::sleep_for(std::chrono::milliseconds(600));
        }
    }

    [[nodiscard]] std::vector<std::string> objects(const std::string& kind) const {
        std::vector<std::string> found;
        for (const auto& entry : fs::recursive_directory_iterator(store() + "/" + kind)) {
            if (entry.is_regular_file()) {
                found.push_back(entry.path().string());
            }
        }
        std::sort(found.begin(), found.end());
        return found;
    }

    [[nodiscard]] Outcome verify_chain() const {
        return run({AgentPair::binary(), "verify", "--chain", "--store", "file:" + store(),
                    "--trust", pair_->directory() + "/trust.toml"});
    }

    static void flip_bit(const std::string& file, std::size_t offset) {
        std::string bytes = read_whole(file);
        bytes.at(offset) = static_cast<char>(bytes.at(offset) ^ 1);
        write_whole(file, bytes);
    }

    TemporaryDirectory root_;
    PairSettings settings_;
    std::unique_ptr<AgentPair> pair_;
};

TEST_F(Evidence, AnUntouchedStoreIsSoundFromAnywhere) {
    make_history();
    EXPECT_EQ(pair_->stop("east"), 0) << pair_->log("east");
    EXPECT_EQ(pair_->stop("west"), 0) << pair_->log("west");
    const Outcome verified = verify_chain();
    EXPECT_EQ(verified.status, 0) << verified.out << verified.err;
    EXPECT_GE(objects("manifests").size(), 3U);
    EXPECT_GE(objects("receipts").size(), 3U);
}

TEST_F(Evidence, TheLastMarkOfAnAgentThatStopsIsInTheStore) {
    settings_.config_lines.back().second = "upload_interval = \"60s\"";
    fs::create_directories(source());
    pair_ = std::make_unique<AgentPair>(settings_);
    pair_->start_both();
    ASSERT_EQ(pair_->flush().status, 0);
    // Long before the next manifest is due.
    write_whole(source() + "/last", "written right before the stop");
    ASSERT_EQ(pair_->flush().status, 0);
    EXPECT_EQ(pair_->stop("east"), 0) << pair_->log("east");
    EXPECT_EQ(pair_->stop("west"), 0) << pair_->log("west");
    for (const std::string agent : {"west", "east"}) {
        const Outcome verified = pair_->verify(agent);
        EXPECT_EQ(verified.status, 0) << agent << ": " << verified.out << verified.err;
    }
}

TEST_F(Evidence, EveryTamperingIsFoundAndNamed) {
    make_history();
    (void)pair_->stop("east");
    (void)pair_->stop("west");
    const std::string saved = root_ / "saved";
    fs::copy(store(), saved, fs::copy_options::recursive);
    const auto restore = [&] {
        fs::remove_all(store());
        fs::copy(saved, store(), fs::copy_options::recursive);
    };
    const auto expect_found = [&](const std::string& name) {
        const Outcome verified = verify_chain();
        EXPECT_EQ(verified.status, 1) << verified.out << verified.err;
        EXPECT_NE(verified.out.find(fs::path(name).filename().string()), std::string::npos)
            << name << " is not named in:\n"
            << verified.out;
        restore();
    };
    const std::vector<std::string> manifests = objects("manifests");
    ASSERT_GE(manifests.size(), 3U);

    flip_bit(manifests[1], 100);
    expect_found(manifests[1]);
    fs::remove(manifests[1]);
    expect_found(manifests[1]);
    fs::rename(manifests[1], manifests[1] + ".x");
    fs::rename(manifests[2], manifests[1]);
    fs::rename(manifests[1] + ".x", manifests[2]);
    expect_found(manifests[1]);
    const std::string changes = objects("changes").front();
    flip_bit(changes, 20);
    expect_found(changes);
    const std::string receipt = objects("receipts").front();
    fs::remove(receipt);
    expect_found(receipt);
}

TEST_F(Evidence, OneFlippedBitInTheReplicaIsFound) {
    make_history();
    ASSERT_EQ(pair_->verify("west").status, 0);
    // Size and times as they were: only the content tells.
    const std::string victim = replica() + "/file2";
    const auto when = fs::last_write_time(victim);
    flip_bit(victim, 500);
    fs::last_write_time(victim, when);
    for (const std::string agent : {"west", "east"}) {
        const Outcome verified = pair_->verify(agent);
        EXPECT_EQ(verified.status, 1) << verified.out << verified.err;
        EXPECT_NE(verified.out.find("file2"), std::string::npos) << verified.out;
    }
}

TEST_F(Evidence, TheStoreMayBeS3) {
    if (const auto missing = S3Server::missing()) {
        GTEST_SKIP() << *missing;
    }
    S3Server server;
    server.make_bucket("evidence");
    settings_.store = "s3://evidence/shop";
    settings_.config_lines.insert(settings_.config_lines.end(),
                                  {{"store", "endpoint = \"" + server.endpoint() + "\""},
                                   {"store", "path_style = true"},
                                   {"store", "region = \"" + S3Server::region() + "\""}});
    settings_.environment = {{"AWS_ACCESS_KEY_ID", S3Server::keys().access_key},
                             {"AWS_SECRET_ACCESS_KEY", S3Server::keys().secret_key}};
    make_history();
    const Outcome verified = pair_->verify("west");
    EXPECT_EQ(verified.status, 0) << verified.out << verified.err << pair_->log("west");
}

TEST_F(Evidence, AForeignFileInTheReplicaIsFound) {
    make_history();
    write_whole(replica() + "/stranger", "x");
    const Outcome verified = pair_->verify("west");
    EXPECT_EQ(verified.status, 1) << verified.out << verified.err;
    EXPECT_NE(verified.out.find("stranger"), std::string::npos) << verified.out;
}

TEST_F(Evidence, TheFiguresGrowWhenNothingArrives) {
    make_history();
    const auto rpo = [&](const std::string& agent) {
        const boost::json::value lag = pair_->lag(agent);
        return lag.is_object() && lag.at("rpo_seconds").is_number()
                   ? lag.at("rpo_seconds").to_number<double>()
                   : -1.0;
    };
    // Idle: at its floor.
    for (int i = 0; i < 10; ++i) {
        EXPECT_LT(rpo("west"), 2.0);
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    pair_->process("east").signal(SIGSTOP);
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    const double before = rpo("west");
    const auto began = std::chrono::steady_clock::now();
    std::this_thread::sleep_for(std::chrono::seconds(3));
    const double after = rpo("west");
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - began;
    // One second a second, whatever the machine does meanwhile.
    EXPECT_NEAR(after - before, passed.count(), 0.5);
    EXPECT_EQ(pair_->lag("west").at("proof").as_string(), "late");
    EXPECT_EQ(pair_->command("west", {"check", "--warning", "1s", "--critical", "2s"}).status, 2);
    pair_->process("east").signal(SIGCONT);
    EXPECT_TRUE(eventually([&] { return rpo("west") >= 0 && rpo("west") < 2.0; }));
}

}  // namespace
}  // namespace farshore::test
