#include "agent/config/section.hpp"

#include <gtest/gtest.h>

#include "agent/config/load.hpp"
#include "protocol/error.hpp"
#include "tests/agent/config/sample_config.hpp"

namespace farshore::config {
namespace {

struct Case {
    std::string from, to, begins, contains;
};

TEST(Section, EachWrongValueIsNamedByFileLineAndKey) {
    const std::string file = "/etc/farshore/farshore.toml:";
    const std::vector<Case> cases{
        {"stream = \"shop\"", "stream = \"\"", "3: agent.stream", "is empty"},
        {"stream = \"shop\"", "stream = \"a b\"", "3: agent.stream", "is not a name"},
        {"stream = \"shop\"\n", "", "2: agent.stream", "is missing"},
        {"stream = \"shop\"", "stream = 1", "3: agent.stream", "text in quotes"},
        {"role = \"primary\"", "role = \"leader\"", "5: agent.role", "primary|secondary"},
        {"0.0.0.0:7450", "0.0.0.0", "8: agent.listen", "HOST:PORT"},
        {"name = \"app-west\"", "nam = \"app-west\"", "11: peer.nam", "unknown key"},
        {"[[peer]]", "[peer]", "10: peer", "must be [[peer]]"},
        {"[store]", "[[store]]", "14: store", "must be a table: [store]"},
        {"[store]", "[stores]", "14: stores", "unknown key"},
        {"url = \"file:../store\"", "url = \"ftp://x\"", "15: store.url", "neither file:PATH"},
        {"url = \"file:../store\"", "url = \"s3://\"", "15: store.url", "neither file:PATH"},
        {"[\"*.tmp\", \"/cache/\"]", "\"*.tmp\"", "20: tree.exclude", "list of texts"},
        {"[\"*.tmp\", \"/cache/\"]", "[\"\"]", "20: tree.exclude", "not empty"},
        {"\"25%\"", "\"a quarter\"", "21: tree.delete_guard", "share"},
        {"\"1s\"", "\"1\"", "28: replication.mark_interval", "is not a duration"},
        {"\"1s\"", "\"10ms\"", "28: replication.mark_interval", "at least 100ms"},
        {"bulk_lanes = 3", "bulk_lanes = 0", "29: replication.bulk_lanes", "at least 1"},
        {"bulk_lanes = 3", "bulk_lanes = \"3\"", "29: replication.bulk_lanes", "whole number"},
        {"bulk_lanes = 3", "compression = \"20\"", "29: replication.compression", "1 to 19"},
        {"bulk_lanes = 3", "memory_limit = \"1MiB\"", "29: replication.memory_limit", "at least"},
        {"bulk_lanes = 3", "memory_limit = \"lots\"", "29: replication.memory_limit", "not a size"},
        {"delete_guard = \"25%\"", "adopt = \"yes\"", "21: tree.adopt", "true or false"},
        {"# line 1", "# line 1\nagent = ", "2: ", ""},
    };
    for (const Case& wrong : cases) {
        const std::string text = spoilt(wrong.from, wrong.to);
        ASSERT_FALSE(text.empty()) << wrong.from;
        const std::string said = complaint(text);
        EXPECT_TRUE(said.starts_with(file + wrong.begins)) << said;
        EXPECT_NE(said.find(wrong.contains), std::string::npos) << said;
    }
}

TEST(Section, ResolvesBesideTheFile) {
    EXPECT_EQ(resolve_beside("/etc/farshore/farshore.toml", "ca.crt"), "/etc/farshore/ca.crt");
    EXPECT_EQ(resolve_beside("/srv/s/a/farshore.toml", "../store/"), "/srv/s/store");
    EXPECT_EQ(resolve_beside("/etc/farshore/farshore.toml", "/run//x/"), "/run/x");
}

}  // namespace
}  // namespace farshore::config
