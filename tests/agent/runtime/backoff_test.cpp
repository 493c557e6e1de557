#include "agent/runtime/backoff.hpp"

#include <gtest/gtest.h>

namespace farshore::runtime {
namespace {

TEST(Backoff, DoublesUpToTheCeilingWithinHalfAndWhole) {
    Backoff backoff(Duration::from_ms(100), Duration::from_ms(1'000), 7);
    const std::int64_t whole_ms[] = {100, 200, 400, 800, 1'000, 1'000};
    for (const std::int64_t whole : whole_ms) {
        const Duration delay = backoff.next();
        EXPECT_GE(delay, Duration::from_ms(whole / 2));
        EXPECT_LE(delay, Duration::from_ms(whole));
    }
    EXPECT_EQ(backoff.failures(), 6);
    backoff.reset();
    EXPECT_LE(backoff.next(), Duration::from_ms(100));
}

TEST(Backoff, TheSeedDecides) {
    Backoff a(Duration::from_ms(100), Duration::from_ms(60'000), 1);
    Backoff b(Duration::from_ms(100), Duration::from_ms(60'000), 1);
    Backoff c(Duration::from_ms(100), Duration::from_ms(60'000), 2);
    bool differs = false;
    for (int i = 0; i < 10; ++i) {
        const Duration first = a.next();
        EXPECT_EQ(first, b.next());
        differs = differs || first != c.next();
    }
    EXPECT_TRUE(differs);
}

TEST(Backoff, ManyFailuresDoNotOverflow) {
    Backoff backoff(Duration::from_ms(1), Duration::from_seconds(4e9), 3);
    for (int i = 0; i < 200; ++i) {
        EXPECT_GE(backoff.next().nanoseconds, 0);
    }
}

}  // namespace
}  // namespace farshore::runtime
