#include <sys/stat.h>

#include "protocol/error.hpp"
#include "protocol/json.hpp"
#include "protocol/signing.hpp"
#include "tests/agent/commands/command_fixture.hpp"

namespace farshore::commands {
namespace {

using KeygenTest = CommandTest;

TEST_F(KeygenTest, MakesAPairThatFitsTogether) {
    ASSERT_EQ(run(run_keygen, {"--out", folder_ + "/k.key", "--json"}), 0);
    const auto key = SigningKey::from_pem(content("k.key"));
    EXPECT_EQ(content("k.key.pub"), key.public_key().to_pem());
    const auto said = parse_json(printed_, 10'000).take();
    EXPECT_EQ(said.at("key").as_string(), key.public_key().base64());
    EXPECT_EQ(said.at("key_id").as_string(), key.public_key().key_id());
    struct stat status {};
    ASSERT_EQ(::stat((folder_ + "/k.key").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(KeygenTest, NeverOverwrites) {
    std::ofstream(folder_ + "/k.key.pub") << "mine";
    EXPECT_THROW(run(run_keygen, {"--out", folder_ + "/k.key"}), Error);
    EXPECT_FALSE(std::filesystem::exists(folder_ + "/k.key"));
    EXPECT_EQ(content("k.key.pub"), "mine");
}

}  // namespace
}  // namespace farshore::commands
