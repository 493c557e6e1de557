#include "agent/primary/postgres/slot_check.hpp"

#include <gtest/gtest.h>

namespace farshore::primary {
namespace {

const DatabaseStanding standing{true, Lsn(0x5000), "77", 2, Lsn()};
const SlotRow sound{"pgoutput", "reserved", Lsn(0x5000)};

std::string gap(const DatabaseStanding& held, const SystemFacts& system,
                const std::map<std::uint32_t, Lsn>& forks = {},
                const std::optional<SlotRow>& found = sound, bool has_publication = true) {
    const auto error = find_gap(held, system, forks, found, has_publication);
    if (error) {
        EXPECT_EQ(error->code(), ErrorCode::database_gap);
    }
    return error ? error->message() : "";
}

TEST(SlotCheck, GoesOnWhereNothingIsLost) {
    EXPECT_EQ(gap(standing, {"77", 2, Lsn(0x5000)}), "");
    EXPECT_EQ(gap(standing, {"77", 2, Lsn(0x9000)}, {}, SlotRow{"pgoutput", "extended", Lsn(1)}),
              "");
}

// A failover to a standby that has the slot (PostgreSQL 17 keeps it there).
TEST(SlotCheck, ATimelineThatForkedBehindUsIsOurs) {
    EXPECT_EQ(gap(standing, {"77", 3, Lsn(0x6000)}, {{2, Lsn(0x5000)}}), "");
    EXPECT_EQ(gap(standing, {"77", 5, Lsn(0x6000)}, {{2, Lsn(0x5500)}, {3, Lsn(0x5600)}}), "");
}

TEST(SlotCheck, NamesWhatIsLost) {
    EXPECT_NE(gap(standing, {"78", 2, Lsn(0x6000)}).find("system 78"), std::string::npos);
    EXPECT_NE(gap(standing, {"77", 3, Lsn(0x6000)}, {{2, Lsn(0x4fff)}}).find("left timeline 2"),
              std::string::npos);
    EXPECT_NE(gap(standing, {"77", 1, Lsn(0x6000)}).find("does not come from"), std::string::npos);
    EXPECT_NE(gap(standing, {"77", 2, Lsn(0x4000)}).find("log ends at"), std::string::npos);
    const SystemFacts same{"77", 2, Lsn(0x6000)};
    EXPECT_EQ(gap(standing, same, {}, sound, false), "the publication is gone");
    EXPECT_EQ(gap(standing, same, {}, std::nullopt), "the replication slot is gone");
    EXPECT_NE(gap(standing, same, {}, SlotRow{"test_decoding", "", Lsn(1)}).find("test_decoding"),
              std::string::npos);
    EXPECT_NE(gap(standing, same, {}, SlotRow{"pgoutput", "lost", Lsn(1)}).find("removed"),
              std::string::npos);
    EXPECT_NE(gap(standing, same, {}, SlotRow{"pgoutput", "reserved", Lsn(0x5001)}).find("past"),
              std::string::npos);
}

TEST(SlotCheck, ReadsAHistoryFile) {
    const auto forks = parse_timeline_history(
        "1\t0/16D5B60\tno recovery target specified\n\n2\t1/0\tbefore 2000-01-01\nnonsense\n3\n");
    EXPECT_EQ(forks, (std::map<std::uint32_t, Lsn>{{1, Lsn(0x16D5B60)}, {2, Lsn(0x100000000)}}));
    EXPECT_TRUE(parse_timeline_history("").empty());
}

}  // namespace
}  // namespace farshore::primary
