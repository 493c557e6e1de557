#include "protocol/digest.hpp"

#include <gtest/gtest.h>

namespace farshore {
namespace {

constexpr const char* abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

// FIPS 180-2, appendix B.
TEST(Digest, IsSha256) {
    EXPECT_EQ(sha256("abc").hex(), abc);
    EXPECT_EQ(sha256("").hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256(std::string(1'000'000, 'a')).hex(),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Digest, PiecesMakeTheSameAndItBeginsAnew) {
    Sha256 hash;
    for (int round = 0; round < 2; ++round) {
        hash.update("a");
        hash.update(std::as_bytes(std::span("bc", 2)));
        EXPECT_EQ(hash.finish().hex(), abc);
    }
    hash.update("x");
    Sha256 moved = std::move(hash);
    EXPECT_EQ(moved.finish(), sha256("x"));
}

TEST(Digest, HasOneText) {
    const Digest digest = sha256("abc");
    EXPECT_EQ(digest.prefixed(), std::string("sha256:") + abc);
    EXPECT_EQ(Digest::from_hex(abc), digest);
    EXPECT_EQ(Digest::from_prefixed(digest.prefixed()), digest);
    for (const std::string& text : {std::string(), std::string(63, 'a'), std::string(65, 'a'),
                                    std::string(64, 'A'), std::string(64, 'g')}) {
        EXPECT_FALSE(Digest::from_hex(text).has_value());
        EXPECT_FALSE(Digest::from_prefixed("sha256:" + text).has_value());
    }
    EXPECT_FALSE(Digest::from_prefixed(abc).has_value());
    EXPECT_FALSE(Digest::from_prefixed(std::string("SHA256:") + abc).has_value());
}

}  // namespace
}  // namespace farshore
