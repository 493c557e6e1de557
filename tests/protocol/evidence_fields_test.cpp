#include "protocol/evidence_fields.hpp"

#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <random>

namespace farshore {
namespace {

std::optional<Duration> round_trip(Duration duration) {
    boost::json::object object;
    object["s"] = json_seconds(duration);
    const boost::json::value value = parse_json(to_canonical_json(object), 1'000).take();
    JsonMembers members("test", value);
    return read_seconds_or_null(members, "s");
}

TEST(EvidenceFields, DurationsKeepTheirNanoseconds) {
    std::mt19937_64 random(10);
    for (int i = 0; i < 20'000; ++i) {
        const Duration duration{static_cast<std::int64_t>(random() >> (13 + random() % 50)) *
                                (random() % 2 == 0 ? 1 : -1)};
        ASSERT_EQ(round_trip(duration), duration) << duration.nanoseconds;
    }
}

TEST(EvidenceFields, DurationsAreWrittenShort) {
    EXPECT_EQ(to_canonical_json(json_seconds(Duration{1'100'000})), "0.0011");
    EXPECT_EQ(to_canonical_json(json_seconds(Duration{30'000'000'000})), "30");
    EXPECT_EQ(to_canonical_json(json_seconds(Duration{-1})), "-1e-9");
    EXPECT_EQ(to_canonical_json(json_seconds(std::nullopt)), "null");
}

TEST(EvidenceFields, TextIsAlwaysUtf8) {
    EXPECT_EQ(to_canonical_json(json_text("caf\xc3\xa9")), "\"caf\xc3\xa9\"");
    EXPECT_EQ(to_canonical_json(json_text("caf\xe9")), "\"caf?\"");
}

}  // namespace
}  // namespace farshore
