#include "agent/config/option_table.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace farshore::config {
namespace {

TEST(OptionTable, EachOptionIsThereOnceInAGroupAndExplained) {
    std::set<std::string> seen;
    for (const Option& option : options()) {
        const std::string name = std::string(option.table) + "." + std::string(option.key);
        EXPECT_TRUE(seen.insert(name).second) << name;
        EXPECT_NE(find_group(option.table), nullptr) << name;
        EXPECT_TRUE(option.sentence.ends_with('.')) << name;
        EXPECT_EQ(find_option(option.table, option.key), &option);
        if (option.required) {
            EXPECT_TRUE(option.default_value.empty()) << name;
            EXPECT_FALSE(option.example.empty()) << name;
        }
    }
    EXPECT_EQ(find_option("agent", "colour"), nullptr);
    EXPECT_EQ(find_group("colours"), nullptr);
}

}  // namespace
}  // namespace farshore::config
