#include "protocol/tree_digest.hpp"

#include <gtest/gtest.h>

#include <random>

namespace farshore {
namespace {

Digest number(std::uint8_t low) {
    Digest digest;
    digest.bytes[31] = low;
    return digest;
}

TEST(TreeDigest, CarriesAndWrapsAround) {
    Digest greatest;
    greatest.bytes.fill(0xff);
    TreeDigest digest(greatest);
    digest.add(number(2));
    EXPECT_EQ(digest.value(), number(1));
    digest.subtract(number(2));
    EXPECT_EQ(digest.value(), greatest);

    TreeDigest carry(number(255));
    carry.add(number(1));
    EXPECT_EQ(carry.value().hex(), std::string(60, '0') + "0100");
}

TEST(TreeDigest, OrderDoesNotMatterAndRemovalUndoes) {
    std::mt19937 random(6);
    std::vector<Digest> entries;
    for (int i = 0; i < 200; ++i) {
        entries.push_back(sha256(std::to_string(random())));
    }
    TreeDigest forward;
    TreeDigest backward;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        forward.add(entries[i]);
        backward.add(entries[entries.size() - 1 - i]);
    }
    EXPECT_EQ(forward, backward);
    for (const Digest& entry : entries) {
        forward.subtract(entry);
    }
    EXPECT_EQ(forward, TreeDigest());
}

}  // namespace
}  // namespace farshore
