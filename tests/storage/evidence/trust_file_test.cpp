#include "storage/evidence/trust_file.hpp"

#include <gtest/gtest.h>

#include "protocol/error.hpp"
#include "tests/support/test_keys.hpp"

namespace farshore::storage {
namespace {

std::string complaint(const std::string& text) {
    try {
        (void)parse_trust_file(text, "trust.toml");
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::bad_config);
        return error.message();
    }
    return "";
}

std::string agent(const std::string& name, char key) {
    return "[[agent]]\nname = \"" + name + "\"\nkey = \"" +
           test::test_key(key).public_key().base64() + "\"\n";
}

TEST(TrustFile, ReadsWhatItWrites) {
    TrustSet trust = test::shop_trust();
    trust.add({AgentName("app-east"), test::test_key('F').public_key(), Timestamp{0},
               Timestamp{1'000'000'000}});
    const TrustSet read = parse_trust_file(write_trust_file(trust), "trust.toml");
    EXPECT_EQ(read.stream(), trust.stream());
    ASSERT_EQ(read.keys().size(), 3U);
    EXPECT_EQ(read.keys()[0].key, test::east_key().public_key());
    EXPECT_EQ(read.keys()[2].agent.str(), "app-east");
    EXPECT_EQ(read.keys()[2].valid_until, Timestamp{1'000'000'000});
}

TEST(TrustFile, ReadsTheContractsExample) {
    const TrustSet trust = parse_trust_file(
        "stream = \"shop\"\n" + agent("app-east", 'E') + "valid_from = \"2026-11-22T00:00:00Z\"\n",
        "trust.toml");
    EXPECT_EQ(trust.keys().front().valid_from, parse_rfc3339("2026-11-22T00:00:00Z"));
    EXPECT_FALSE(trust.keys().front().valid_until.has_value());
}

TEST(TrustFile, NamesPlaceAndKeyOfWhatIsWrong) {
    const std::string head = "stream = \"shop\"\n";
    const std::string east = agent("app-east", 'E');
    const std::pair<std::string, std::string> examples[] = {
        {"", "stream: missing"},
        {head, "agent: one [[agent]]"},
        {"stream = 1\n" + east, "trust.toml:1: stream: must be a string"},
        {"stream = \"a/b\"\n" + east, "trust.toml:1: stream: must match"},
        {head + "x = 1\n" + east, "trust.toml:2: x: unknown key"},
        {head + "agent = 1\n", "agent: one [[agent]]"},
        {head + "agent = [1]\n", "agent: must be an array of tables"},
        {head + east + "x = 1\n", "trust.toml:5: x: unknown key"},
        {head + "[[agent]]\nname = \"a\"\n", "key: missing"},
        {head + "[[agent]]\nkey = \"AAAA\"\nname = \"a\"\n", "trust.toml:3: key: must be"},
        {head + "[[agent]]\nname = \"a\"\nkey = \"" + std::string(44, '=') + "\"\n",
         "key: must be"},
        {head + east + "valid_from = \"yesterday\"\n", "trust.toml:5: valid_from: must be a time"},
        {head + east + "valid_from = 2026-11-22T00:00:00Z\n", "valid_from: must be a string"},
        {head + east + agent("app-west", 'E'), "listed already"},
        {head + east +
             "valid_from = \"2026-11-22T00:00:00Z\"\nvalid_until = \"2026-11-22T00:00:00Z\"\n",
         "ends before"},
        {"stream = ", "trust.toml:1: "},
        {std::string("\xff\xfe"), "trust.toml"},
        {std::string(2'000'000, '#'), "too long"},
    };
    for (const auto& [text, expected] : examples) {
        EXPECT_NE(complaint(text).find(expected), std::string::npos)
            << complaint(text) << " instead of " << expected;
    }
}

}  // namespace
}  // namespace farshore::storage
