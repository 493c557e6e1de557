#include "agent/config/consistency.hpp"

#include <gtest/gtest.h>

#include "agent/config/load.hpp"
#include "protocol/error.hpp"
#include "tests/agent/config/sample_config.hpp"

namespace farshore::config {
namespace {

struct Pairing {
    std::string from, to, says;
};

TEST(Consistency, WhatCanNotWorkTogetherIsNamedAtItsLine) {
    const std::vector<Pairing> cases{
        {"\"app-west\"", "\"app-east\"", "11: peer.name: \"app-east\" is this agent's own name"},
        {"[store]", "[[peer]]\nname = \"app-west\"\naddress = \"b:1\"\n[store]",
         "15: peer.name: \"app-west\" is there twice"},
        {"[store]", "[[peer]]\nname = \"x\"\naddress = \"app-west.example.net:7450\"\n[store]",
         "16: peer.address: "},
        {"name = \"app\"\n", "name = \"uploads\"\n", "24: database.name: \"uploads\" names two"},
        {"/srv/app/uploads", "/", "19: tree.path: the whole host"},
        {"/srv/app/uploads", "/c", "19: tree.path: /c and the state directory /c/state"},
        {"/srv/app/uploads", "/store/x", "19: tree.path: /store/x and the store /store"},
        {"[[database]]", "[[tree]]\nname = \"x\"\npath = \"/srv/app/uploads/x\"\n[[database]]",
         "25: tree.path: /srv/app/uploads/x and tree \"uploads\""},
        {"url = \"file:../store\"", "url = \"file:../store\"\nencryption = \"AES256\"",
         "16: store.encryption: "},
        {"url = \"file:../store\"", "url = \"s3://b/p\"\nendpoint = \"host:1\"",
         "16: store.endpoint: "},
        {"url = \"file:../store\"", "url = \"s3://b/p\"\nobject_lock = \"30d\"",
         "16: store.object_lock: "},
        {"bulk_lanes = 3", "min_cut_interval = \"2s\"", "29: replication.min_cut_interval: "},
        {"bulk_lanes = 3", "bulk_lanes = 16\nmemory_limit = \"128MiB\"",
         "30: replication.memory_limit: 128 MiB are less than the 208 MiB that 1 peers, 1 "},
    };
    for (const Pairing& wrong : cases) {
        const std::string text = spoilt(wrong.from, wrong.to);
        ASSERT_FALSE(text.empty()) << wrong.from;
        const std::string said = complaint(text, "/c/farshore.toml");
        EXPECT_TRUE(said.starts_with("/c/farshore.toml:" + wrong.says)) << said;
    }
}

TEST(Consistency, APeerAndASourceAreNeeded) {
    EXPECT_NE(complaint("[agent]\nstream = \"s\"\nname = \"a\"\nrole = \"primary\"\n")
                  .find("no [[peer]]"),
              std::string::npos);
    EXPECT_NE(complaint("[agent]\nstream = \"s\"\nname = \"a\"\nrole = \"primary\"\n"
                        "[[peer]]\nname = \"b\"\naddress = \"h:1\"\n")
                  .find("nothing to do"),
              std::string::npos);
}

TEST(Consistency, TheSocketsPathHasAnEnd) {
    const std::string folder = "/" + std::string(120, 'd');
    const std::string said = complaint(sample_config(), folder + "/farshore.toml");
    EXPECT_TRUE(said.starts_with(folder + "/farshore.toml:7: agent.socket: ")) << said;
    EXPECT_NE(said.find("107 at most"), std::string::npos) << said;
}

TEST(Consistency, SiblingsDoNotOverlap) {
    EXPECT_EQ(
        complaint(spoilt("[[database]]",
                         "[[tree]]\nname = \"x\"\npath = \"/srv/app/uploads2\"\n[[database]]")),
        "accepted");
}

}  // namespace
}  // namespace farshore::config
