// lag, status, flush and put against a real socket with an agent behind it that answers by heart.

#include <sys/stat.h>

#include "agent/control/control_server.hpp"
#include "protocol/error.hpp"
#include "protocol/json.hpp"
#include "tests/agent/commands/command_fixture.hpp"
#include "tests/agent/control/fake_agent.hpp"

namespace farshore::commands {
namespace {

class SocketCommandTest : public CommandTest {
  protected:
    void SetUp() override {
        CommandTest::SetUp();
        agent_.lag_.stream = "shop";
        server_ = std::make_unique<control::ControlServer>(folder_ + "/s", agent_);
    }
    void TearDown() override {
        server_.reset();
        CommandTest::TearDown();
    }
    Arguments with_socket(Arguments arguments) {
        arguments.insert(arguments.end(), {"--socket", folder_ + "/s"});
        return arguments;
    }
    control::FakeAgent agent_;
    std::unique_ptr<control::ControlServer> server_;
};

TEST_F(SocketCommandTest, LagForPeopleAndForMachines) {
    EXPECT_EQ(run(run_lag, with_socket({})), 0);
    EXPECT_TRUE(printed_.starts_with("stream shop: ")) << printed_;
    EXPECT_EQ(run(run_lag, with_socket({"--json"})), 0);
    EXPECT_EQ(parse_json(printed_, 100'000).take().at("stream"), "shop");
}

TEST_F(SocketCommandTest, TheSocketComesFromTheEnvironmentToo) {
    ::setenv("FARSHORE_SOCKET", (folder_ + "/s").c_str(), 1);
    EXPECT_EQ(run(run_lag, {}), 0);
    ::unsetenv("FARSHORE_SOCKET");
}

TEST_F(SocketCommandTest, Status) {
    EXPECT_EQ(run(run_status, with_socket({})), 0);
    EXPECT_NE(printed_.find("faults: none"), std::string::npos) << printed_;
    EXPECT_EQ(run(run_status, with_socket({"--json"})), 0);
}

TEST_F(SocketCommandTest, Flush) {
    EXPECT_EQ(run(run_flush, with_socket({"--until", "applied", "--timeout", "5s"})), 0);
    EXPECT_EQ(agent_.flush_.until, control::Until::applied);
    EXPECT_EQ(agent_.flush_.timeout, Duration::from_ms(5'000));
    EXPECT_TRUE(printed_.starts_with("mark 1841 of 2026-11-22 18:44:49Z is applied")) << printed_;
    agent_.flush_error_ = Error(ErrorCode::timeout, "west has not received mark 7");
    try {
        run(run_flush, with_socket({}));
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error_info(error.code()).exit_status, 1);
    }
    EXPECT_THROW(run(run_flush, with_socket({"--until", "later"})), Error);
}

TEST_F(SocketCommandTest, ApproveListsAndLetsGo) {
    EXPECT_EQ(run(run_approve, with_socket({})), 0);
    EXPECT_EQ(printed_, "nothing is held\n");
    agent_.held_ = {{.id = 3,
                     .tree = "uploads",
                     .since = Timestamp{1'795'373'089'123'456'789},
                     .latest = Timestamp{1'795'373'089'123'456'789},
                     .entries = 512,
                     .of_entries = 2000,
                     .paths = {"a/b", "a"}}};
    EXPECT_EQ(run(run_approve, with_socket({})), 0);
    EXPECT_NE(printed_.find("3  tree uploads: 512 deletions of 2000 entries, since 2026-11-22"),
              std::string::npos)
        << printed_;
    EXPECT_NE(printed_.find("     a/b\n     a\n     ...\n"), std::string::npos) << printed_;
    EXPECT_EQ(agent_.approved_, 0U);
    EXPECT_EQ(run(run_approve, with_socket({"3", "--json"})), 0);
    EXPECT_EQ(agent_.approved_, 3U);
    EXPECT_EQ(parse_json(printed_, 10'000).take().at("entries").to_number<int>(), 512);
    EXPECT_THROW(run(run_approve, with_socket({"all"})), Error);
}

TEST_F(SocketCommandTest, PutSendsTheFileWithItsModeAndTime) {
    const std::string file = folder_ + "/report.pdf";
    std::ofstream(file) << std::string(300'000, 'x');
    ASSERT_EQ(::chmod(file.c_str(), 0640), 0);
    EXPECT_EQ(run(run_put, with_socket({file, "--tree", "uploads", "--json"})), 0);
    EXPECT_EQ(agent_.put_.path, "report.pdf");
    EXPECT_EQ(agent_.put_.mode, 0640U);
    EXPECT_TRUE(agent_.put_.mtime.has_value());
    EXPECT_EQ(agent_.put_bytes_, 300'000U);
    EXPECT_EQ(parse_json(printed_, 10'000).take().at("sha256").as_string(),
              sha256(std::string(300'000, 'x')).hex());
    EXPECT_EQ(run(run_put, with_socket({file, "--tree", "uploads", "--as", "2026/r.pdf"})), 0);
    EXPECT_EQ(agent_.put_.path, "2026/r.pdf");
}

TEST_F(SocketCommandTest, PutNamesWhatItCanNotSend) {
    EXPECT_THROW(run(run_put, with_socket({folder_ + "/nothing", "--tree", "uploads"})), Error);
    EXPECT_THROW(run(run_put, with_socket({folder_, "--tree", "uploads"})), Error);
    try {
        std::ofstream(folder_ + "/f") << "x";
        run(run_put, with_socket({folder_ + "/f", "--tree", "nowhere"}));
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::not_found);
    }
}

TEST_F(SocketCommandTest, WithoutAnAgentTheSocketIsNamed) {
    server_.reset();
    try {
        run(run_lag, with_socket({}));
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::no_agent);
        EXPECT_EQ(error_info(error.code()).exit_status, 2);
        EXPECT_NE(error.message().find(folder_ + "/s"), std::string::npos);
    }
}

// 1 is a difference: nothing else may say it.
TEST_F(SocketCommandTest, AVerificationThatCouldNotBeDoneIsNoDifference) {
    EXPECT_EQ(run(run_verify, with_socket({})), 1);
    agent_.verify_error_ = Error(ErrorCode::timeout, "the peer did not answer in time");
    EXPECT_EQ(run(run_verify, with_socket({})), 2);
    EXPECT_EQ(printed_, "");
}

}  // namespace
}  // namespace farshore::commands
