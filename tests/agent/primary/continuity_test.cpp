#include "agent/primary/continuity.hpp"

#include <gtest/gtest.h>

#include "storage/state/cut_commit.hpp"
#include "tests/support/names.hpp"
#include "tests/support/sample_evidence.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::primary {
namespace {

using test::uploads;
using test::west;

class ContinuityTest : public testing::Test {
  protected:
    ContinuityTest() {
        state_.set_configured({uploads});
        for (char c = 'a'; c <= 'e'; ++c) {
            cut(c);
        }
    }

    void cut(char identity, bool sealed = false) {
        storage::CutCommit commit(state_);
        commit.set_identity(std::string(16, identity));
        storage::CapturedEntry entry;
        entry.entry.path = std::string("path ") + identity;
        entry.entry.type = EntryType::directory;
        commit.put(uploads, entry);
        if (sealed) {
            commit.seal(true, test::sample_mark_envelope());
        }
        commit.commit();
    }

    [[nodiscard]] static Welcome holds(std::uint64_t cut, char identity) {
        Welcome welcome;
        welcome.received_cut = CutNumber(cut);
        welcome.received_identity = std::string(16, identity);
        return welcome;
    }

    [[nodiscard]] Continuation judge(const Welcome& welcome) {
        return judge_continuity(state_, welcome, west, {uploads});
    }

    [[nodiscard]] std::optional<ErrorCode> refusal(const Welcome& welcome) {
        try {
            (void)judge(welcome);
            return std::nullopt;
        } catch (const Error& error) {
            return error.code();
        }
    }

    test::TemporaryDirectory directory_;
    storage::PrimaryState state_{directory_ / "state.db"};
};

TEST_F(ContinuityTest, WhatWasReceivedIsGoneOnFrom) {
    const Continuation continuation = judge(holds(3, 'c'));
    EXPECT_EQ(continuation.base, CutNumber(3));
    EXPECT_FALSE(continuation.whole_because);
}

TEST_F(ContinuityTest, WhoHoldsNothingIsToldEverythingWithoutAWord) {
    const Continuation continuation = judge(Welcome{});
    EXPECT_EQ(continuation.base, CutNumber(0));
    EXPECT_FALSE(continuation.whole_because);
}

// The fault: this agent's state was put back, has given out the same numbers again, and the
// secondary holds a cut of before.
TEST_F(ContinuityTest, AnotherCutOfTheSameNumberIsRefused) {
    EXPECT_EQ(refusal(holds(3, 'x')), ErrorCode::state_damaged);
    EXPECT_EQ(refusal(holds(6, 'f')), ErrorCode::state_damaged);
}

TEST_F(ContinuityTest, AMarkThatThisStateNeverSealedIsRefused) {
    cut('f', true);
    Welcome welcome = holds(6, 'f');
    welcome.received_mark = MarkNumber(2);
    EXPECT_EQ(refusal(welcome), ErrorCode::chain_broken);
    welcome.received_mark = MarkNumber(1);
    welcome.received_mark_digest = sha256("another");
    EXPECT_EQ(refusal(welcome), ErrorCode::chain_broken);
    const std::string payload =
        read_envelope_payload(test::sample_mark_envelope(), payload_type::mark).take();
    welcome.received_mark_digest = sha256(payload);
    EXPECT_EQ(judge(welcome).base, CutNumber(6));
}

TEST_F(ContinuityTest, ASecondaryThatWasPutBackIsToldEverything) {
    state_.set_peer(
        west, {.received_cut = CutNumber(4), .applied_cut = CutNumber(4), .received_mark = {}});
    const Continuation continuation = judge(holds(3, 'c'));
    EXPECT_EQ(continuation.base, CutNumber(0));
    EXPECT_TRUE(continuation.whole_because);
    EXPECT_FALSE(judge(holds(4, 'd')).whole_because);
    EXPECT_FALSE(judge(holds(5, 'e')).whole_because);
}

TEST_F(ContinuityTest, WhoNeedsForgottenRemovalsIsToldEverything) {
    EXPECT_FALSE(state_.forget({.marks = {}, .tombstones = CutNumber(4), .identities = {}}, 10));
    EXPECT_TRUE(judge(holds(3, 'c')).whole_because);
    EXPECT_FALSE(judge(holds(4, 'd')).whole_because);
}

TEST_F(ContinuityTest, ACutWhoseIdentityIsForgottenIsNotTrusted) {
    EXPECT_FALSE(state_.forget({.marks = {}, .tombstones = {}, .identities = CutNumber(3)}, 10));
    EXPECT_TRUE(judge(holds(3, 'x')).whole_because);
    EXPECT_FALSE(judge(holds(4, 'd')).whole_because);
}

TEST_F(ContinuityTest, ATreeThatWasOutOfTheConfigIsToldWhole) {
    state_.set_configured({});
    cut('f');
    state_.set_configured({uploads});
    EXPECT_TRUE(judge(holds(6, 'f')).whole_because);
    cut('g');
    EXPECT_FALSE(judge(holds(7, 'g')).whole_because);
}

}  // namespace
}  // namespace farshore::primary
