#include "agent/secondary/table_recovery.hpp"

#include <gtest/gtest.h>

#include "tests/support/names.hpp"
#include "tests/support/stepped_clock.hpp"

namespace farshore::secondary {
namespace {

using test::app;

class TableRecoveryTest : public testing::Test {
  protected:
    TableRecoveryParts parts() {
        return {.databases = {app},
                .set_aside = [this](const SourceName&) { return tables_; },
                .session = [this] { return session_; },
                .ask = [this](const std::string& verb, const std::string& json,
                              Duration) { return answer(verb, json); },
                .clock = clock_};
    }
    std::string answer(const std::string& verb, const std::string& json) {
        asked_.push_back(verb);
        last_json_ = json;
        if (verb == "tables_set_aside") {
            if (is_away_) {
                throw Error(ErrorCode::connection_lost, "gone");
            }
            return tables_->empty() ? R"({"gaps": []})" : R"({"gaps": [7]})";
        }
        if (refusal_) {
            throw Error(*refusal_);
        }
        return "{}";
    }
    std::vector<std::string> look() {
        asked_.clear();
        recovery_.look();
        return asked_;
    }

    const std::vector<std::string> nothing_;
    const std::vector<std::string> told_ = {"tables_set_aside"};
    const std::vector<std::string> told_and_asked_ = {"tables_set_aside", "resend_table"};
    const std::vector<std::string> asked_only_ = {"resend_table"};
    test::SteppedClock clock_;
    std::uint64_t session_ = 1;
    std::optional<SetAsideTables> tables_ = SetAsideTables{};
    const SetAsideTables item_ = {
        {{"public", "item"}, {.lsn = Lsn(5), .reason = "no row", .note = ""}}};
    bool is_away_ = false;
    std::optional<Error> refusal_;
    std::vector<std::string> asked_;
    std::string last_json_;
    TableRecovery recovery_{parts()};
};

TEST_F(TableRecoveryTest, TellsAlsoThatNothingIsSetAsideInEachSession) {
    EXPECT_EQ(look(), told_);
    EXPECT_EQ(last_json_, R"({"database":"app","tables":[]})");
    EXPECT_EQ(look(), nothing_);
    session_ = 2;
    EXPECT_EQ(look(), told_);
    tables_.reset();  // not known: the primary goes on with what it has
    session_ = 3;
    EXPECT_EQ(look(), nothing_);
}

TEST_F(TableRecoveryTest, AsksForATableMoreAndMoreSeldomUntilItIsThere) {
    tables_ = item_;
    EXPECT_EQ(look(), told_and_asked_);
    EXPECT_EQ(last_json_, R"({"database":"app","schema":"public","table":"item"})");
    ASSERT_EQ(recovery_.gaps().at(app).size(), 1U);
    EXPECT_EQ(recovery_.gaps().at(app)[0].id, 7U);
    EXPECT_EQ(recovery_.gaps().at(app)[0].reason, "no row");
    EXPECT_EQ(look(), nothing_);
    int asked = 0;
    for (int second = 0; second < 3600; ++second) {
        clock_.boot = clock_.boot + Duration::from_ms(1'000);
        asked += look() == asked_only_ ? 1 : 0;
    }
    EXPECT_GT(asked, 5);
    EXPECT_LT(asked, 30);
    tables_ = SetAsideTables{};
    EXPECT_EQ(look(), told_);
    EXPECT_TRUE(recovery_.gaps().at(app).empty());
    tables_ = item_;
    EXPECT_EQ(look(), told_and_asked_);
}

TEST_F(TableRecoveryTest, SaysWhyACopyIsNotTaken) {
    tables_ = item_;
    refusal_ = Error(ErrorCode::too_large, "table public.item has 90 MiB");
    EXPECT_EQ(look(), told_and_asked_);
    EXPECT_NE(recovery_.gaps().at(app)[0].reason.find("90 MiB"), std::string::npos);
    refusal_ = Error(ErrorCode::database_unavailable, "lock timeout");
    clock_.boot = clock_.boot + Duration::from_ms(3'600'000);
    EXPECT_EQ(look(), asked_only_);
    clock_.boot = clock_.boot + Duration::from_ms(2'000);
    EXPECT_EQ(look(), asked_only_);  // a lock may be had soon
    refusal_.reset();
    tables_->begin()->second.note = "a constraint of the replica's";
    clock_.boot = clock_.boot + Duration::from_ms(2'000);
    EXPECT_EQ(look(), told_and_asked_);
    EXPECT_NE(recovery_.gaps().at(app)[0].reason.find("a constraint of"), std::string::npos);
}

TEST_F(TableRecoveryTest, WaitsForASessionAndTellsBeforeItAsks) {
    tables_ = item_;
    session_ = 0;
    EXPECT_EQ(look(), nothing_);
    EXPECT_EQ(recovery_.gaps().at(app)[0].id, 0U);
    session_ = 1;
    is_away_ = true;
    EXPECT_EQ(look(), told_);
    EXPECT_EQ(look(), told_);
    is_away_ = false;
    EXPECT_EQ(look(), told_and_asked_);
}

}  // namespace
}  // namespace farshore::secondary
