#include "protocol/cut_offer.hpp"

#include <gtest/gtest.h>

#include "tests/support/error_code.hpp"

#include <functional>

namespace farshore {
namespace {

using test::code_of;

TEST(CutOffer, APeerThatSpeaksOutOfTurnIsCutOff) {
    CutOffer offer(CutNumber(4));
    EXPECT_TRUE(offer.is_idle());
    EXPECT_EQ(code_of([&] { offer.received(Received{CutNumber(4)}); }), ErrorCode::malformed);
    offer.began(CutNumber(5));
    EXPECT_EQ(code_of([&] { offer.received(Received{CutNumber(5)}); }), ErrorCode::malformed);
    offer.told();
    EXPECT_EQ(code_of([&] { offer.received(Received{CutNumber(6)}); }), ErrorCode::malformed);
    EXPECT_FALSE(offer.wanted({CutNumber(5), false, {}}));
    EXPECT_EQ(code_of([&] { offer.received(Received{CutNumber(5)}); }), ErrorCode::malformed);
    EXPECT_TRUE(offer.wanted({CutNumber(5), true, {}}));
    EXPECT_EQ(code_of([&] {
                  static_cast<void>(offer.wanted({CutNumber(5), true, {}}));
              }),
              ErrorCode::malformed);
    offer.answered(0);
    offer.received(Received{CutNumber(5)});
    EXPECT_EQ(offer.received(), CutNumber(5));
    offer.began(CutNumber(6));
    offer.told();
    EXPECT_TRUE(offer.wanted({CutNumber(6), true, {}}));
    offer.answered(1);
    EXPECT_TRUE(offer.is_idle());
    EXPECT_EQ(offer.received(), CutNumber(5));
}

}  // namespace
}  // namespace farshore
