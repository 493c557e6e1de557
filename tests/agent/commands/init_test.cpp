#include <sys/stat.h>

#include "agent/config/load.hpp"
#include "protocol/error.hpp"
#include "protocol/signing.hpp"
#include "storage/disk/posix_file_system.hpp"
#include "storage/evidence/trust_file.hpp"
#include "tests/agent/commands/command_fixture.hpp"

namespace farshore::commands {
namespace {

class InitTest : public CommandTest {
  protected:
    [[nodiscard]] Arguments arguments() const {
        return {"--stream",       "shop",
                "--out",          folder_ + "/pair",
                "--primary",      "east=127.0.0.1:7451",
                "--secondary",    "west=127.0.0.1:7452",
                "--tree",         "uploads=" + folder_ + "/a",
                "--replica-tree", "uploads=" + folder_ + "/b"};
    }
    [[nodiscard]] unsigned mode_of(const std::string& name) const {
        struct stat status {};
        return ::stat((folder_ + "/pair/" + name).c_str(), &status) == 0 ? status.st_mode & 07777U
                                                                         : 0;
    }
};

TEST_F(InitTest, MakesConfigsThatLoadWithTheirKeys) {
    ASSERT_EQ(run(run_init, arguments()), 0);
    storage::PosixFileSystem files;
    for (const std::string name : {"east", "west"}) {
        const auto config = config::load(files, folder_ + "/pair/" + name + "/farshore.toml");
        EXPECT_EQ(config.agent.name.str(), name);
        EXPECT_EQ(mode_of(name), 0700U);
        EXPECT_EQ(mode_of(name + "/agent.key"), 0600U);
        EXPECT_EQ(mode_of(name + "/signing.key"), 0600U);
        const auto key = SigningKey::from_pem(content("pair/" + name + "/signing.key"));
        const auto trust =
            storage::parse_trust_file(content("pair/" + name + "/trust.toml"), "trust.toml");
        const TrustedKey* found = trust.find(key.public_key().key_id());
        ASSERT_NE(found, nullptr);
        EXPECT_EQ(found->agent.str(), name);
    }
    EXPECT_EQ(mode_of("ca.key"), 0600U);
    EXPECT_EQ(content("pair/east/ca.crt"), content("pair/west/ca.crt"));
    EXPECT_NE(content("pair/east/agent.key"), content("pair/west/agent.key"));
    EXPECT_FALSE(std::filesystem::exists(folder_ + "/pair/east/ca.key"));
}

TEST_F(InitTest, NeverOverwrites) {
    ASSERT_EQ(run(run_init, arguments()), 0);
    const std::string key = content("pair/ca.key");
    try {
        run(run_init, arguments());
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::already_exists);
    }
    EXPECT_EQ(content("pair/ca.key"), key);
}

TEST_F(InitTest, OneFileThatIsThereStopsAllOfIt) {
    std::filesystem::create_directories(folder_ + "/pair/west");
    std::ofstream(folder_ + "/pair/west/farshore.toml") << "mine";
    EXPECT_THROW(run(run_init, arguments()), Error);
    EXPECT_EQ(content("pair/west/farshore.toml"), "mine");
    EXPECT_FALSE(std::filesystem::exists(folder_ + "/pair/east"));
}

TEST_F(InitTest, WhatWouldNotLoadIsRefusedBeforeAnythingIsMade) {
    Arguments given = arguments();
    given[9] = "uploads=" + folder_ + "/pair/east/state/x";
    EXPECT_THROW(run(run_init, given), Error);
    EXPECT_FALSE(std::filesystem::exists(folder_ + "/pair"));
    given = arguments();
    given[3] = folder_ + "/" + std::string(100, 'd');
    try {
        run(run_init, given);
        FAIL();
    } catch (const Error& error) {
        EXPECT_NE(error.message().find("agent.socket"), std::string::npos) << error.message();
    }
}

TEST_F(InitTest, HelpHasAnExample) {
    EXPECT_EQ(run(run_init, {"--help"}), 0);
    EXPECT_NE(printed_.find("Example:"), std::string::npos) << printed_;
    EXPECT_NE(printed_.find("--replica-tree"), std::string::npos);
}

TEST_F(InitTest, WhatIsMissingIsAUsageError) {
    try {
        run(run_init, {"--stream", "shop"});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::usage);
    }
    EXPECT_THROW(run(run_init, {"--colour", "red"}), Error);
}

}  // namespace
}  // namespace farshore::commands
