#include "agent/commands/initial_config.hpp"

#include <gtest/gtest.h>

#include "agent/config/load.hpp"
#include "protocol/error.hpp"

namespace farshore::commands {
namespace {

InitArguments sample() {
    InitArguments given;
    given.stream = "shop";
    given.out = "pair";
    given.primary = "east=127.0.0.1:7451";
    given.secondaries = {"west=127.0.0.1:7452", "north=north.example.net:7450"};
    given.trees = {"uploads=data/up"};
    given.replica_trees = {"uploads=data/replica"};
    given.databases = {"app=host=/run dbname='a \"b\"'"};
    given.replica_databases = {"app=service=replica"};
    return given;
}

TEST(InitialConfig, EachAgentsConfigLoads) {
    const InitPlan plan = make_plan(sample(), "/home/ops");
    EXPECT_EQ(plan.out, "/home/ops/pair");
    const auto east =
        config::parse(config_text(plan, plan.primary), "/home/ops/pair/east/farshore.toml");
    EXPECT_EQ(east.agent.role, config::Role::primary);
    EXPECT_EQ(east.agent.state, "/home/ops/pair/east/state");
    EXPECT_EQ(east.agent.socket, "/home/ops/pair/east/agent.sock");
    EXPECT_EQ(east.agent.listen, "127.0.0.1:7451");
    EXPECT_EQ(east.store.url, "file:/home/ops/pair/store");
    EXPECT_EQ(east.trees[0].path, "/home/ops/data/up");
    EXPECT_EQ(east.databases[0].connection, "host=/run dbname='a \"b\"'");
    ASSERT_EQ(east.peers.size(), 2U);
    EXPECT_EQ(east.peers[1].address, "north.example.net:7450");

    const auto north =
        config::parse(config_text(plan, plan.secondaries[1]), "/x/north/farshore.toml");
    EXPECT_EQ(north.agent.role, config::Role::secondary);
    EXPECT_EQ(north.agent.listen, "0.0.0.0:7450");
    EXPECT_EQ(north.trees[0].path, "/home/ops/data/replica");
    EXPECT_EQ(north.databases[0].connection, "service=replica");
    // Copied to another place, its own paths go with it.
    EXPECT_EQ(north.agent.state, "/x/north/state");
}

TEST(InitialConfig, WithSystemEverythingIsInItsPlace) {
    InitArguments given = sample();
    given.system = true;
    const InitPlan plan = make_plan(given, "/home/ops");
    const auto west = config::parse(config_text(plan, plan.secondaries[0]), "/etc/farshore/f.toml");
    EXPECT_EQ(west.agent.state, "/var/lib/farshore");
    EXPECT_EQ(west.agent.socket, "/run/farshore/agent.sock");
}

TEST(InitialConfig, TheStoreIsHandedOn) {
    InitArguments given = sample();
    given.store = "s3://bucket/shop";
    given.endpoint = "https://s3.example.net";
    given.region = "eu-central-1";
    given.path_style = true;
    InitPlan plan = make_plan(given, "/home/ops");
    const auto east = config::parse(config_text(plan, plan.primary), "/a/f.toml");
    EXPECT_EQ(east.store.url, "s3://bucket/shop");
    EXPECT_EQ(east.store.endpoint, "https://s3.example.net");
    EXPECT_TRUE(east.store.path_style);
    given = sample();
    given.store = "file:evidence";
    plan = make_plan(given, "/home/ops");
    EXPECT_EQ(config::parse(config_text(plan, plan.primary), "/a/f.toml").store.url,
              "file:/home/ops/evidence");
}

std::string refusal(const InitArguments& given) {
    try {
        static_cast<void>(make_plan(given, "/home/ops"));
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::usage);
        return error.message();
    }
    return "accepted";
}

TEST(InitialConfig, WhatDoesNotFitIsNamed) {
    const auto with = [](auto&& change) {
        InitArguments given = sample();
        change(given);
        return refusal(given);
    };
    EXPECT_NE(with([](auto& g) { g.stream = "a b"; }).find("--stream"), std::string::npos);
    EXPECT_NE(with([](auto& g) { g.primary = "east"; }).find("NAME=HOST:PORT"), std::string::npos);
    EXPECT_NE(with([](auto& g) { g.primary = "east=host"; }).find("HOST:PORT"), std::string::npos);
    EXPECT_NE(with([](auto& g) { g.primary = "store=h:1"; }).find("can not be called"),
              std::string::npos);
    EXPECT_NE(with([](auto& g) { g.replica_trees.clear(); }).find("needs --replica-tree"),
              std::string::npos);
    EXPECT_NE(with([](auto& g) { g.replica_trees.push_back("x=y"); }).find("has no --tree"),
              std::string::npos);
    EXPECT_NE(with([](auto& g) { g.replica_trees.push_back(g.replica_trees[0]); }).find("twice"),
              std::string::npos);
    EXPECT_NE(with([](auto& g) { g.replica_trees = {"uploads=data/up"}; }).find("same host"),
              std::string::npos);
    EXPECT_NE(with([](auto& g) {
                  g.trees.clear();
                  g.replica_trees.clear();
                  g.databases.clear();
                  g.replica_databases.clear();
              }).find("nothing to replicate"),
              std::string::npos);
}

}  // namespace
}  // namespace farshore::commands
