#include "agent/config/load.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "protocol/error.hpp"
#include "storage/disk/posix_file_system.hpp"
#include "tests/agent/config/sample_config.hpp"

namespace farshore::config {
namespace {

TEST(Parse, ReadsTheSample) {
    const Config config = parse(sample_config(), "/etc/farshore/farshore.toml");
    EXPECT_EQ(config.agent.stream.str(), "shop");
    EXPECT_EQ(config.agent.role, Role::primary);
    EXPECT_EQ(config.agent.state, "/etc/farshore/state");
    EXPECT_EQ(config.agent.socket, "/etc/farshore/agent.sock");
    EXPECT_EQ(config.tls.key, "/etc/farshore/agent.key");
    EXPECT_EQ(config.store.url, "file:/etc/store");
    ASSERT_EQ(config.trees.size(), 1U);
    EXPECT_EQ(config.trees[0].exclude, (std::vector<std::string>{"*.tmp", "/cache/"}));
    EXPECT_EQ(config.replication.bulk_lanes, 3);
}

TEST(Parse, TheDefaultsAreTheInterfacesDefaults) {
    const Config config = parse(sample_config(), "/etc/farshore/farshore.toml");
    EXPECT_EQ(config.store.upload_interval, Duration::from_ms(10'000));
    EXPECT_EQ(config.trees[0].keep_deleted, Duration::from_ms(86'400'000));
    EXPECT_EQ(config.trees[0].keep_limit_bytes, 10'000'000'000U);
    EXPECT_FALSE(config.trees[0].adopt);
    EXPECT_EQ(config.databases[0].conflict, ConflictPolicy::quarantine);
    EXPECT_EQ(config.databases[0].schemas, (std::vector<std::string>{"*"}));
    EXPECT_EQ(config.databases[0].slot_limit_bytes, 50'000'000'000U);
    EXPECT_EQ(config.replication.min_cut_interval, Duration::from_ms(20));
    EXPECT_EQ(config.replication.memory_limit_bytes, 512ULL << 20);
    EXPECT_EQ(config.replication.bandwidth_limit_bytes, 0U);
    EXPECT_EQ(config.objective_rpo, Duration::from_ms(30'000));
    EXPECT_TRUE(config.hooks.on_promote.empty());
}

TEST(Parse, HooksAreKept) {
    const Config config = parse(sample_config() + "[hooks]\non_fence = [\"/bin/stop\", \"app\"]\n",
                                "/etc/farshore/farshore.toml");
    EXPECT_EQ(config.hooks.on_fence, (std::vector<std::string>{"/bin/stop", "app"}));
}

class LoadTest : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "farshore-config-XXXXXX";
        folder_ = ::mkdtemp(pattern.data());
        write("farshore.toml", sample_config(), 0644);
        write("agent.key", "key", 0600);
        write("signing.key", "key", 0600);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    void write(const std::string& name, const std::string& text, mode_t mode) {
        std::ofstream(folder_ + "/" + name) << text;
        ASSERT_EQ(::chmod((folder_ + "/" + name).c_str(), mode), 0);
    }
    Error refused() {
        try {
            static_cast<void>(load(files_, folder_ + "/farshore.toml"));
        } catch (const Error& error) {
            return error;
        }
        return {ErrorCode::internal, "accepted"};
    }

    storage::PosixFileSystem files_;
    std::string folder_;
};

TEST_F(LoadTest, LoadsAndKnowsWhereItCameFrom) {
    const Config config = load(files_, folder_ + "/farshore.toml");
    EXPECT_EQ(config.file, folder_ + "/farshore.toml");
    EXPECT_EQ(config.signing.key, folder_ + "/signing.key");
}

TEST_F(LoadTest, TheConfigMayBeASymbolicLink) {
    std::filesystem::create_symlink(folder_ + "/farshore.toml", folder_ + "/linked.toml");
    EXPECT_EQ(load(files_, folder_ + "/linked.toml").agent.name.str(), "app-east");
}

TEST_F(LoadTest, AMissingConfigIsNamed) {
    std::filesystem::remove(folder_ + "/farshore.toml");
    EXPECT_EQ(refused().code(), ErrorCode::bad_config);
    EXPECT_NE(refused().message().find("farshore.toml"), std::string::npos);
}

TEST_F(LoadTest, AKeyThatOthersCanReadIsRefused) {
    ASSERT_EQ(::chmod((folder_ + "/agent.key").c_str(), 0644), 0);
    EXPECT_EQ(refused().code(), ErrorCode::bad_key);
    EXPECT_NE(refused().message().find("agent.key has mode 0644"), std::string::npos)
        << refused().message();
}

TEST_F(LoadTest, AKeyThatOthersCanWriteIsRefused) {
    ASSERT_EQ(::chmod((folder_ + "/signing.key").c_str(), 0602), 0);
    EXPECT_EQ(refused().code(), ErrorCode::bad_key);
    EXPECT_NE(refused().message().find("signing.key"), std::string::npos);
}

TEST_F(LoadTest, AMissingKeyIsNamed) {
    std::filesystem::remove(folder_ + "/signing.key");
    EXPECT_EQ(refused().code(), ErrorCode::bad_key);
    EXPECT_NE(refused().message().find("signing.key"), std::string::npos);
}

TEST_F(LoadTest, AKeyThatIsADirectoryIsRefused) {
    std::filesystem::remove(folder_ + "/signing.key");
    std::filesystem::create_directory(folder_ + "/signing.key");
    EXPECT_EQ(refused().code(), ErrorCode::bad_key);
}

}  // namespace
}  // namespace farshore::config
