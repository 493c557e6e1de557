#include "agent/primary/transaction_log.hpp"

#include <gtest/gtest.h>

namespace farshore::primary {
namespace {

std::vector<std::uint64_t> ends(const std::vector<PassedTransaction>& transactions) {
    std::vector<std::uint64_t> out;
    for (const PassedTransaction& each : transactions) {
        out.push_back(each.commit_end.value());
    }
    return out;
}

using Ends = std::vector<std::uint64_t>;

TEST(TransactionLog, ASecondDecodersRepetitionsAreDropped) {
    TransactionLog log;
    log.append(Lsn(10), sha256("a"));
    log.append(Lsn(20), sha256("b"));
    log.append(Lsn(10), sha256("a"));
    log.append(Lsn(20), sha256("b"));
    log.append(Lsn(30), sha256("c"));
    EXPECT_EQ(ends(log.up_to(Lsn(100))), (Ends{10, 20, 30}));
}

TEST(TransactionLog, ACutTakesThoseThatEndAtItsPositionToo) {
    TransactionLog log;
    log.append(Lsn(10), sha256("a"));
    log.append(Lsn(20), sha256("b"));
    EXPECT_EQ(ends(log.up_to(Lsn(19))), Ends{10});
    EXPECT_EQ(ends(log.up_to(Lsn(20))), (Ends{10, 20}));
    EXPECT_TRUE(log.up_to(Lsn(9)).empty());
}

TEST(TransactionLog, AMarkForgetsWhatItDescribedAndNothingElse) {
    TransactionLog log;
    log.append(Lsn(10), sha256("a"));
    log.append(Lsn(20), sha256("b"));
    log.append(Lsn(30), sha256("c"));
    log.forget_up_to(Lsn(20));
    EXPECT_EQ(ends(log.up_to(Lsn(100))), Ends{30});
    log.append(Lsn(20), sha256("b"));  // a decoder that is behind passes it now
    EXPECT_EQ(ends(log.up_to(Lsn(100))), Ends{30});
}

TEST(TransactionLog, TellsWhetherTheNextCutHasSomethingToCarry) {
    TransactionLog log;
    EXPECT_FALSE(log.has_beyond(Lsn(0)));
    log.append(Lsn(20), sha256("b"));
    EXPECT_TRUE(log.has_beyond(Lsn(19)));
    EXPECT_FALSE(log.has_beyond(Lsn(20)));
}

TEST(TransactionLog, AfterARestartWhatWasCutIsNotCountedTwice) {
    TransactionLog log;
    // The last cut was at 25; since the last mark it carried 10 and 20.
    log.restore({{Lsn(10), sha256("a")}, {Lsn(20), sha256("b")}}, Lsn(25));
    EXPECT_FALSE(log.has_beyond(Lsn(25)));
    log.append(Lsn(20), sha256("b"));
    log.append(Lsn(25), sha256("never"));
    log.append(Lsn(30), sha256("c"));
    EXPECT_EQ(ends(log.up_to(Lsn(100))), (Ends{10, 20, 30}));
}

// The fault: a cluster that is replaced by another begins with lower numbers.
TEST(TransactionLog, AnotherClustersTransactionsAreCountedFromItsOwnBeginning) {
    TransactionLog log;
    log.restore({{Lsn(100), sha256("a")}}, Lsn(100), "7300");
    log.follow("7300");
    log.append(Lsn(120), sha256("b"));
    EXPECT_EQ(ends(log.up_to(Lsn(200))), (Ends{100, 120}));
    log.follow("7400");
    EXPECT_FALSE(log.is_of("7300"));
    EXPECT_TRUE(log.up_to(Lsn(200)).empty());
    log.append(Lsn(9), sha256("c"));
    EXPECT_EQ(ends(log.up_to(Lsn(200))), Ends{9});
}

TEST(TransactionLog, AStateOfBeforeClustersWereKeptGoesOn) {
    TransactionLog log;
    log.restore({{Lsn(100), sha256("a")}}, Lsn(100));
    log.follow("7300");
    EXPECT_EQ(ends(log.up_to(Lsn(200))), Ends{100});
}

TEST(TransactionLog, TheDigestIsOverTheDigestsInCommitOrder) {
    const Digest a = sha256("a");
    const Digest b = sha256("b");
    const std::string both(reinterpret_cast<const char*>(a.bytes.data()), a.bytes.size());
    const std::string rest(reinterpret_cast<const char*>(b.bytes.data()), b.bytes.size());
    EXPECT_EQ(database_digest({{Lsn(1), a}, {Lsn(2), b}}), sha256(both + rest));
    EXPECT_NE(database_digest({{Lsn(1), b}, {Lsn(2), a}}), sha256(both + rest));
    EXPECT_EQ(database_digest({}), sha256(""));
}

}  // namespace
}  // namespace farshore::primary
