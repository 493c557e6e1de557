// The example config that the package installs is the one that the option table makes.

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "agent/config/example.hpp"

namespace {

std::string content_of(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

TEST(ExampleConfig, InThePackageIsWhatTheOptionTableMakes) {
    const std::string made = farshore::config::example_config();
    const std::string kept = content_of(FARSHORE_EXAMPLE_CONFIG);
    if (made != kept) {
        const std::string path = testing::TempDir() + "farshore.toml";
        std::ofstream(path) << made;
        FAIL() << "packaging/examples/farshore.toml is not what the option table makes; that is in "
               << path;
    }
}

}  // namespace
