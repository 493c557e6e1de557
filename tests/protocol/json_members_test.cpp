#include "protocol/json_members.hpp"

#include <gtest/gtest.h>

#include "protocol/error.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/json.hpp"

namespace farshore {
namespace {

template <typename Read>
std::string complaint(std::string_view text, const Read& read) {
    const boost::json::value value = parse_json(text, 1'000).take();
    try {
        JsonMembers members("thing", value);
        read(members);
        members.finish();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::malformed);
        return error.message();
    }
    return "";
}

TEST(JsonMembers, NamesWhatIsMissingUnknownOrOfAnotherType) {
    const auto read_a = [](JsonMembers& members) { (void)members.string("a"); };
    EXPECT_EQ(complaint(R"({"a":"x"})", read_a), "");
    EXPECT_EQ(complaint(R"({})", read_a), "thing: member a is missing");
    EXPECT_EQ(complaint(R"({"a":1})", read_a), "thing: member a is not a string");
    EXPECT_EQ(complaint(R"({"a":"x","b":1})", read_a), "thing: member \"b\" is unknown");
    EXPECT_EQ(complaint("[]", read_a), "thing: not a JSON object");
}

TEST(JsonMembers, ReadsIntegersInTheirOneForm) {
    const auto integer = [](std::string_view text) {
        return read_json_integer(parse_json(text, 1'000).take());
    };
    EXPECT_EQ(integer("0"), 0U);
    EXPECT_EQ(integer("9007199254740991"), greatest_json_integer);
    EXPECT_EQ(integer("\"9007199254740992\""), greatest_json_integer + 1);
    EXPECT_EQ(integer("\"18446744073709551615\""), UINT64_MAX);
    for (const char* text :
         {"-1", "1.0", "1.5", "9007199254740992", "\"1\"", "\"\"", "\"x\"", "\"09007199254740992\"",
          "\"18446744073709551616\"", "null", "true", "\"9007199254740992 \""}) {
        EXPECT_FALSE(integer(text).has_value()) << text;
    }
}

TEST(JsonMembers, ReadsTimesAndDigestsInTheirOneForm) {
    const auto read_time = [](JsonMembers& members) { (void)members.time("t"); };
    EXPECT_EQ(complaint(R"({"t":"2026-11-22T18:44:49.123456789Z"})", read_time), "");
    for (const char* text : {R"({"t":"2026-11-22T18:44:49Z"})", R"({"t":null})", R"({"t":1})",
                             R"({"t":"2026-11-22T20:44:49.123456789+02:00"})"}) {
        EXPECT_NE(complaint(text, read_time), "") << text;
    }
    const auto read_digest = [](JsonMembers& members) { (void)members.digest("d"); };
    const std::string hex(64, 'a');
    EXPECT_EQ(complaint(R"({"d":"sha256:)" + hex + "\"}", read_digest), "");
    EXPECT_NE(complaint("{\"d\":\"" + hex + "\"}", read_digest), "");
    EXPECT_NE(complaint(R"({"d":"sha256:)" + std::string(64, 'A') + "\"}", read_digest), "");
}

TEST(JsonMembers, ReadsNamesThatAreValid) {
    const auto read = [](JsonMembers& members) { (void)members.name<StreamName>("n"); };
    EXPECT_EQ(complaint(R"({"n":"shop"})", read), "");
    EXPECT_EQ(complaint(R"({"n":"../shop"})", read), "thing: member n is not a valid name");
}

}  // namespace
}  // namespace farshore
