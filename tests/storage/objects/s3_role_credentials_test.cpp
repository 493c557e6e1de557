// Keys that are lent for a time, from a server that plays STS, a container's agent and the
// instance's metadata on loopback.
#include "storage/objects/s3_role_credentials.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "storage/disk/posix_file_system.hpp"
#include "storage/objects/s3_credentials.hpp"
#include "tests/support/scripted_http_server.hpp"
#include "tests/support/stepped_clock.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::storage {
namespace {

using test::http_answer;
using test::ScriptedHttpServer;

std::string lent(const std::string& name, const std::string& expires) {
    return http_answer(200, {},
                       "{\"Code\":\"Success\",\"AccessKeyId\":\"" + name +
                           "\",\"SecretAccessKey\":\"S\",\"Token\":\"T\",\"Expiration\":\"" +
                           expires + "\"}");
}

class RoleCredentialsTest : public testing::Test {
  protected:
    void play(std::vector<test::ScriptedStep> steps) {
        server_ = std::make_unique<ScriptedHttpServer>(std::move(steps));
        credentials_ = std::make_unique<S3Credentials>(
            files_,
            [this](const std::string& name) -> std::optional<std::string> {
                const auto found = variables_.find(name);
                return found == variables_.end() ? std::nullopt : std::optional(found->second);
            },
            clock_);
    }
    void instance() { variables_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server_->endpoint(); }
    void container() {
        variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server_->endpoint() + "/v2/x";
    }
    void pass(std::int64_t minutes) {
        clock_.now = clock_.now + Duration::from_ms(minutes * 60'000);
    }
    Error refusal() {
        try {
            static_cast<void>(credentials_->load());
        } catch (const Error& error) {
            return error;
        }
        ADD_FAILURE() << "keys were found";
        return {ErrorCode::internal, ""};
    }

    test::TemporaryDirectory directory_;
    PosixFileSystem files_;
    test::SteppedClock clock_;  // 18:00
    std::map<std::string, std::string> variables_{{"HOME", "/nonexistent"}};
    std::unique_ptr<ScriptedHttpServer> server_;
    std::unique_ptr<S3Credentials> credentials_;
};

constexpr const char* token_path = "/latest/api/token";
constexpr const char* roles_path = "/latest/meta-data/iam/security-credentials/";

TEST_F(RoleCredentialsTest, TheInstanceIsAskedByVersionTwo) {
    play({{"PUT", token_path, http_answer(200, {}, "session")},
          {"GET", roles_path, http_answer(200, {}, "agent-role\n")},
          {"GET", std::string(roles_path) + "agent-role", lent("I", "2026-11-22T19:00:00Z")}});
    instance();
    EXPECT_EQ(credentials_->load(), (S3Keys{"I", "S", "T"}));
    pass(44);  // still well before their end: nobody is asked
    EXPECT_EQ(credentials_->load().access_key, "I");
    EXPECT_EQ(server_->finish(), "");
    EXPECT_EQ(server_->requests()[0].header("x-aws-ec2-metadata-token-ttl-seconds"), "21600");
    EXPECT_EQ(server_->requests()[1].header("x-aws-ec2-metadata-token"), "session");
    EXPECT_EQ(server_->requests()[2].header("x-aws-ec2-metadata-token"), "session");
}

TEST_F(RoleCredentialsTest, LentKeysAreRenewedBeforeTheyEnd) {
    play({{"GET", "/v2/x", lent("A", "2026-11-22T19:00:00Z")},
          {"GET", "/v2/x", lent("B", "2026-11-22T20:00:00Z")}});
    container();
    EXPECT_EQ(credentials_->load().access_key, "A");
    pass(46);
    EXPECT_EQ(credentials_->load().access_key, "B");
    EXPECT_EQ(server_->finish(), "");
}

TEST_F(RoleCredentialsTest, OldKeysAreGoodToTheirEndWhenNobodyGivesNewOnes) {
    play({{"GET", "/v2/x", lent("A", "2026-11-22T19:00:00Z")},
          {"GET", "/v2/x", http_answer(500, {}, "")},
          {"GET", "/v2/x", http_answer(500, {}, "")}});
    container();
    EXPECT_EQ(credentials_->load().access_key, "A");
    pass(50);
    EXPECT_EQ(credentials_->load().access_key, "A");
    EXPECT_EQ(credentials_->load().access_key, "A");  // not asked again at once
    pass(11);
    EXPECT_NE(refusal().message().find("answers 500"), std::string::npos);
    EXPECT_EQ(server_->finish(), "");
}

TEST_F(RoleCredentialsTest, KeysThatEndedEarlierAreForgotten) {
    play({{"GET", "/v2/x", lent("A", "2026-11-22T19:00:00Z")},
          {"GET", "/v2/x", lent("B", "2026-11-22T19:00:00Z")}});
    container();
    EXPECT_EQ(credentials_->load().access_key, "A");
    credentials_->forget();
    EXPECT_EQ(credentials_->load().access_key, "B");
    EXPECT_EQ(server_->finish(), "");
}

TEST_F(RoleCredentialsTest, AContainersTokenIsReadEachTime) {
    play({{"GET", "/v2/x", lent("A", "2026-11-22T18:01:00Z")},
          {"GET", "/v2/x", lent("B", "2026-11-22T20:00:00Z")}});
    container();
    variables_["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = directory_ / "token";
    test::write_whole(directory_ / "token", "one\n");
    EXPECT_EQ(credentials_->load().access_key, "A");
    test::write_whole(directory_ / "token", "two\n");
    pass(2);
    EXPECT_EQ(credentials_->load().access_key, "B");
    EXPECT_EQ(server_->finish(), "");
    EXPECT_EQ(server_->requests()[0].header("authorization"), "one");
    EXPECT_EQ(server_->requests()[1].header("authorization"), "two");
}

TEST_F(RoleCredentialsTest, AWebIdentityComesBeforeTheFile) {
    const std::string answer =
        "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
        "<AccessKeyId>W</AccessKeyId><SecretAccessKey>S</SecretAccessKey>"
        "<SessionToken>T</SessionToken><Expiration>2026-11-22T19:00:00Z</Expiration>"
        "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";
    play({{"GET", "/?Action=AssumeRoleWithWebIdentity", http_answer(200, {}, answer)},
          {"GET", "/?Action=AssumeRoleWithWebIdentity", http_answer(403, {}, "no")}});
    test::write_whole(directory_ / "jwt", "a.b+c\n");
    test::write_whole(directory_ / "file",
                      "[default]\naws_access_key_id=F\naws_secret_access_key=S\n");
    variables_["AWS_SHARED_CREDENTIALS_FILE"] = directory_ / "file";
    variables_["AWS_WEB_IDENTITY_TOKEN_FILE"] = directory_ / "jwt";
    variables_["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/agent";
    variables_["AWS_ENDPOINT_URL_STS"] = server_->endpoint();
    EXPECT_EQ(credentials_->load(), (S3Keys{"W", "S", "T"}));
    pass(120);
    const Error error = refusal();
    EXPECT_EQ(error.code(), ErrorCode::store_unavailable);
    EXPECT_EQ(error.message().find("a.b"), std::string::npos) << error.message();
    EXPECT_EQ(server_->finish(), "");
    EXPECT_NE(server_->requests()[0].target.find("WebIdentityToken=a.b%2Bc"), std::string::npos);
    EXPECT_NE(server_->requests()[0].target.find("RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fagent"),
              std::string::npos);
}

TEST_F(RoleCredentialsTest, AContainersAddressIsAskedPlainlyOnThisHostOnly) {
    for (const char* url : {"http://127.0.0.1:80/x", "http://169.254.170.2/x", "http://[::1]/x",
                            "http://169.254.170.23/v1", "http://[fd00:ec2::23]/v1"}) {
        EXPECT_TRUE(may_be_asked_plainly(url)) << url;
    }
    for (const char* url : {"http://10.0.0.1/x", "http://127.0.0.1.example.com/", "http://evil/",
                            "http://169.254.170.22/x", "127.0.0.1"}) {
        EXPECT_FALSE(may_be_asked_plainly(url)) << url;
    }
    play({});
    variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://10.0.0.1/x";
    EXPECT_NE(refusal().message().find("neither https"), std::string::npos);
}

TEST_F(RoleCredentialsTest, NonsenseIsNoKey) {
    for (const char* text :
         {"", "[]", "{\"AccessKeyId\":\"A\"}", "{\"Code\":\"Failed\"}",
          "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"S\\nx: y\"}",
          "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"S\",\"Expiration\":\"soon\"}"}) {
        EXPECT_FALSE(parse_lent_json(text)) << text;
    }
    for (const char* text : {"", "<a/>", "<a><b><Credentials/></b></a>"}) {
        EXPECT_FALSE(parse_lent_xml(text)) << text;
    }
}

TEST(StsEndpoint, ChinaHasADomainOfItsOwn) {
    EXPECT_EQ(sts_endpoint("eu-west-1"), "https://sts.eu-west-1.amazonaws.com");
    EXPECT_EQ(sts_endpoint("cn-north-1"), "https://sts.cn-north-1.amazonaws.com.cn");
}

}  // namespace
}  // namespace farshore::storage
