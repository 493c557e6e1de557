#include "agent/config/example.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "agent/config/load.hpp"
#include "agent/config/option_table.hpp"

namespace farshore::config {
namespace {

TEST(Example, IsAConfigThatLoads) {
    const Config config = parse(example_config(), "/etc/farshore/farshore.toml");
    EXPECT_EQ(config.agent.name.str(), "app-east");
    EXPECT_EQ(config.trees[0].exclude, (std::vector<std::string>{"*.tmp", "/cache/"}));
}

TEST(Example, NamesEveryOption) {
    const std::string text = example_config();
    for (const Option& option : options()) {
        EXPECT_NE(text.find("\n" + std::string(option.key) + " = "), std::string::npos)
            << option.table << "." << option.key;
    }
}

// The packaged file is made from the table; this says when it has fallen behind.
TEST(Example, ThePackagedFileIsTheTable) {
    const std::string path = FARSHORE_SOURCE_ROOT "/packaging/config/farshore.toml";
    std::ifstream file(path);
    std::stringstream packaged;
    packaged << file.rdbuf();
    ASSERT_TRUE(file.good() || file.eof()) << path;
    EXPECT_EQ(packaged.str(), example_config()) << "write example_config() to " << path;
}

}  // namespace
}  // namespace farshore::config
