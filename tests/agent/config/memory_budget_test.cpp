#include "agent/config/memory_budget.hpp"

#include <gtest/gtest.h>

#include "agent/config/load.hpp"
#include "protocol/limits.hpp"
#include "tests/agent/config/sample_config.hpp"

namespace farshore::config {
namespace {

using limits::mib;

TEST(MemoryBudget, TheSmallestLimitDoesForAPair) {
    const Config config = parse(sample_config(), "/c/farshore.toml");
    EXPECT_LE(least_memory_bytes(config), 128 * mib);
    EXPECT_GE(least_memory_bytes(config), 5 * limits::lane_window);
}

TEST(MemoryBudget, GrowsWithLanesPeersAndDatabases) {
    const Config config = parse(sample_config(), "/c/farshore.toml");
    const auto with = [&](auto change) {
        Config other = config;
        change(other);
        return least_memory_bytes(other);
    };
    const std::uint64_t one = least_memory_bytes(config);
    EXPECT_EQ(with([](Config& c) { ++c.replication.bulk_lanes; }), one + limits::lane_window);
    EXPECT_EQ(with([](Config& c) { c.peers.push_back(c.peers.front()); }),
              one + 5 * limits::lane_window);
    EXPECT_GT(with([](Config& c) { c.databases.push_back(c.databases.front()); }),
              one + limits::lane_window);
}

TEST(MemoryBudget, WhatIsGatheredFollowsTheLimit) {
    Config config = parse(sample_config(), "/c/farshore.toml");
    config.replication.memory_limit_bytes = 128 * mib;
    const std::uint64_t small = gathered_rows_bytes(config);
    EXPECT_LE(small * 6, 128 * mib / 2);
    config.replication.memory_limit_bytes = 8192 * mib;
    EXPECT_EQ(gathered_rows_bytes(config), 32 * mib);
    config.databases.resize(64, config.databases.front());
    config.replication.memory_limit_bytes = 128 * mib;
    EXPECT_EQ(gathered_rows_bytes(config), mib / 2);
}

}  // namespace
}  // namespace farshore::config
