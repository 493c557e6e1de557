#include "agent/primary/set_aside_requests.hpp"

#include <gtest/gtest.h>

#include "protocol/mark.hpp"
#include "storage/state/primary_state.hpp"
#include "tests/support/names.hpp"
#include "tests/support/stepped_clock.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::primary {
namespace {

using test::app;
using test::west;

class SetAsideRequestsTest : public testing::Test {
  protected:
    std::string tell(const std::string& tables) {
        return serve_tables_set_aside(
            board_, west, R"({"database": ")" + app.str() + R"(", "tables": [)" + tables + "]}");
    }
    // As the next mark has it.
    DatabaseMark mark() {
        DatabaseMark mark;
        for (const std::string& sentence : board_.sentences(app)) {
            mark.uncovered.push_back({app.str(), sentence});
        }
        return mark;
    }

    const std::string item_ = R"({"schema": "public", "table": "item", "reason": "no such row"})";
    const std::string other_ = R"({"schema": "s", "table": "other", "reason": "twice there"})";
    test::TemporaryDirectory directory_;
    storage::PrimaryState state_{directory_ / "state.db"};
    test::SteppedClock clock_;
    GapBoard board_{directory_ / "state.db", {west}, clock_};
};

TEST_F(SetAsideRequestsTest, WhatIsNamedIsAGapUntilItIsNotNamedAnyMore) {
    EXPECT_EQ(tell(item_), R"({"gaps":[1]})");
    EXPECT_TRUE(board_.has_table_gap(app, west));
    EXPECT_TRUE(names_gap(mark(), "public.item", west));
    EXPECT_FALSE(names_gap(mark(), "public.ite", west));
    EXPECT_FALSE(names_gap(mark(), "public.item", AgentName("north")));
    EXPECT_FALSE(names_gap(mark(), "", west));
    EXPECT_EQ(tell(item_ + "," + other_), R"({"gaps":[1,2]})");
    EXPECT_EQ(tell(other_), R"({"gaps":[2]})");
    EXPECT_EQ(board_.open_gaps(app, west).size(), 1U);
    EXPECT_EQ(tell(""), R"({"gaps":[]})");
    EXPECT_FALSE(board_.has_table_gap(app, west));
    EXPECT_EQ(tell(item_), R"({"gaps":[3]})");  // another one
}

// That of the whole database is closed by a first copy alone.
TEST_F(SetAsideRequestsTest, AGapOfTheWholeDatabaseStays) {
    board_.open(app, west, "", "the slot is gone");
    EXPECT_FALSE(board_.has_table_gap(app, west));
    (void)tell("");
    EXPECT_TRUE(board_.is_open(app, west));
    EXPECT_TRUE(names_gap(mark(), "", west));
}

TEST_F(SetAsideRequestsTest, ADatabaseThatIsNotThere) {
    const config::Config config;
    const postgres::WakeEvent never;
    try {
        (void)serve_resend_table(
            config, R"({"database": "app", "schema": "public", "table": "item"})", never);
        ADD_FAILURE() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::not_found);
    }
    EXPECT_THROW((void)serve_resend_table(config, R"({"database": "app"})", never), Error);
}

}  // namespace
}  // namespace farshore::primary
