#include "agent/control/json_text.hpp"

#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <limits>

#include "protocol/json.hpp"

namespace farshore::control {
namespace {

namespace json = boost::json;

TEST(JsonText, KeepsTheOrderAndWritesNumbersAsPeopleDo) {
    const json::object object{{"b", 0.84},
                              {"a", 30.0},
                              {"c", 1841U},
                              {"d", -3},
                              {"e", nullptr},
                              {"f", true},
                              {"g", json::array{1, "x"}},
                              {"h", json::object{}}};
    EXPECT_EQ(json_text(object), R"({"b": 0.84, "a": 30, "c": 1841, "d": -3, )"
                                 R"("e": null, "f": true, "g": [1, "x"], "h": {}})");
    EXPECT_EQ(json_text(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
    EXPECT_EQ(json_text(std::numeric_limits<double>::infinity()), "null");
    EXPECT_EQ(json_text(30.000000000000004), "30");
}

TEST(JsonText, WhatIsNotUtf8BecomesVisible) {
    EXPECT_EQ(json_text(json::value("a\xff"
                                    "b\n")),
              "\"a\\\\xffb\\n\"");
    EXPECT_EQ(json_text(json::value("gr\xc3\xbc\xc3\x9f"
                                    "e")),
              "\"grüße\"");
}

TEST(ErrorJson, GoesThereAndBack) {
    for (std::uint16_t number = 1; error_code_from_wire(number); ++number) {
        const Error error(*error_code_from_wire(number), "cannot do it");
        const auto back = error_from_json(parse_json(json_text(error_json(error)), 10'000).take());
        ASSERT_TRUE(back.has_value());
        EXPECT_EQ(back->code(), error.code());
        EXPECT_EQ(back->message(), error.message());
    }
}

TEST(ErrorJson, OtherJsonIsNoError) {
    EXPECT_FALSE(error_from_json(json::value(1)).has_value());
    EXPECT_FALSE(error_from_json(json::object{{"error", nullptr}}).has_value());
    EXPECT_FALSE(error_from_json(json::object{{"error", json::object{{"code", 1}}}}).has_value());
    const auto newer = error_from_json(
        json::object{{"error", json::object{{"code", "FROM_THE_FUTURE"}, {"message", "m"}}}});
    ASSERT_TRUE(newer.has_value());
    EXPECT_EQ(newer->message(), "m");
}

}  // namespace
}  // namespace farshore::control
