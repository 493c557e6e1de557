#include "storage/objects/s3_credentials.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "storage/disk/posix_file_system.hpp"
#include "tests/support/stepped_clock.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::storage {
namespace {

constexpr std::string_view two_profiles =
    "# a comment\n"
    "[default]\n"
    "aws_access_key_id = AKID1\n"
    "aws_secret_access_key=secret=with=equals\n"
    "region = eu-west-1\n"
    "s3 =\n"
    "  max_concurrent_requests = 20\n"
    "\n"
    "; another\r\n"
    "[ other ]\r\n"
    "aws_access_key_id\t=\tAKID2\r\n"
    "aws_secret_access_key = two\r\n"
    "aws_session_token = token==\r\n";

TEST(CredentialsFile, Profiles) {
    EXPECT_EQ(parse_credentials_file(two_profiles, "default").take(),
              (S3Keys{"AKID1", "secret=with=equals", ""}));
    EXPECT_EQ(parse_credentials_file(two_profiles, "other").take(),
              (S3Keys{"AKID2", "two", "token=="}));
    const auto missing = parse_credentials_file(two_profiles, "third");
    EXPECT_EQ(missing.error().code(), ErrorCode::not_found);
    EXPECT_NE(missing.error().message().find("[third]"), std::string::npos);
}

TEST(CredentialsFile, AProfileWithoutStaticKeysIsNotEnough) {
    const auto keys = parse_credentials_file("[default]\ncredential_process = /bin/x\n", "default");
    EXPECT_EQ(keys.error().code(), ErrorCode::not_found);
    EXPECT_EQ(
        parse_credentials_file("[default]\naws_access_key_id = A\n", "default").error().code(),
        ErrorCode::not_found);
}

TEST(CredentialsFile, WhatDoesNotParseNamesItsLineAndNoSecret) {
    for (const char* text :
         {"aws_access_key_id = A\n", "[default\n", "[]\n", "[default]\n[default]\n",
          "[default]\nSECRET\n", "[default]\nkey = SECRET\nkey = SECRET\n", "[default]\n= SECRET\n",
          "  indented = SECRET\n", "[default]\nkey = SEC\x01RET\n"}) {
        const auto keys = parse_credentials_file(text, "default");
        ASSERT_FALSE(keys.ok()) << text;
        EXPECT_EQ(keys.error().code(), ErrorCode::malformed) << text;
        EXPECT_TRUE(keys.error().message().starts_with("line ")) << keys.error().message();
        EXPECT_EQ(keys.error().message().find("SEC"), std::string::npos);
    }
    const std::string large(credentials_file_limit_bytes + 1, '#');
    EXPECT_EQ(parse_credentials_file(large, "default").error().code(), ErrorCode::too_large);
}

class S3CredentialsTest : public testing::Test {
  protected:
    S3Keys load() {
        return S3Credentials(
                   file_system_,
                   [this](const std::string& name) -> std::optional<std::string> {
                       const auto found = variables_.find(name);
                       if (name == "AWS_EC2_METADATA_DISABLED") {
                           return "true";  // no test asks a real instance
                       }
                       return found == variables_.end() ? std::nullopt
                                                        : std::optional(found->second);
                   },
                   clock_)
            .load();
    }

    std::string refusal() {
        try {
            static_cast<void>(load());
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::store_refused);
            return error.message();
        }
        ADD_FAILURE() << "keys were found";
        return {};
    }

    test::TemporaryDirectory directory_;
    PosixFileSystem file_system_;
    test::SteppedClock clock_;
    std::map<std::string, std::string> variables_;
};

TEST_F(S3CredentialsTest, TheEnvironmentComesFirst) {
    test::write_whole(directory_ / "file", std::string(two_profiles));
    variables_ = {{"AWS_SHARED_CREDENTIALS_FILE", directory_ / "file"},
                  {"AWS_ACCESS_KEY_ID", "A"},
                  {"AWS_SECRET_ACCESS_KEY", "S"}};
    EXPECT_EQ(load(), (S3Keys{"A", "S", ""}));
    variables_["AWS_SESSION_TOKEN"] = "T";
    EXPECT_EQ(load(), (S3Keys{"A", "S", "T"}));
    variables_["AWS_ACCESS_KEY_ID"] = "";
    variables_["AWS_SECRET_ACCESS_KEY"] = "";
    EXPECT_EQ(load().access_key, "AKID1");
}

TEST_F(S3CredentialsTest, HalfAnEnvironmentIsRefused) {
    variables_ = {{"AWS_ACCESS_KEY_ID", "A"}};
    EXPECT_NE(refusal().find("AWS_SECRET_ACCESS_KEY is not"), std::string::npos);
    variables_ = {{"AWS_SECRET_ACCESS_KEY", "S"}};
    EXPECT_NE(refusal().find("AWS_ACCESS_KEY_ID is not"), std::string::npos);
    variables_ = {{"AWS_ACCESS_KEY_ID", "A\r\nx: y"}, {"AWS_SECRET_ACCESS_KEY", "S"}};
    EXPECT_NE(refusal().find("AWS_ACCESS_KEY_ID"), std::string::npos);
}

TEST_F(S3CredentialsTest, TheFileIsReadAnewEachTime) {
    variables_ = {{"AWS_SHARED_CREDENTIALS_FILE", directory_ / "file"}, {"AWS_PROFILE", "other"}};
    test::write_whole(directory_ / "file", std::string(two_profiles));
    EXPECT_EQ(load().access_key, "AKID2");
    test::write_whole(directory_ / "file",
                      "[other]\naws_access_key_id=NEW\naws_secret_access_key=S\n");
    EXPECT_EQ(load().access_key, "NEW");
}

TEST_F(S3CredentialsTest, TheHomeIsTheDefault) {
    std::filesystem::create_directory(directory_ / ".aws");
    test::write_whole(directory_ / ".aws/credentials", std::string(two_profiles));
    variables_ = {{"HOME", directory_.path()}};
    EXPECT_EQ(load().access_key, "AKID1");
}

TEST_F(S3CredentialsTest, AMountedSecretIsAChainOfLinks) {
    std::filesystem::create_directory(directory_ / "..2026");
    test::write_whole(directory_ / "..2026/credentials", std::string(two_profiles));
    std::filesystem::create_directory_symlink("..2026", directory_ / "..data");
    std::filesystem::create_symlink("..data/credentials", directory_ / "credentials");
    variables_ = {{"AWS_SHARED_CREDENTIALS_FILE", directory_ / "credentials"}};
    EXPECT_EQ(load().access_key, "AKID1");
    std::filesystem::create_symlink("loop", directory_ / "loop");
    variables_ = {{"AWS_SHARED_CREDENTIALS_FILE", directory_ / "loop"}};
    EXPECT_NE(refusal().find("symbolic links"), std::string::npos);
}

TEST_F(S3CredentialsTest, ARefusalSaysWhereItLookedAndWhatIsSupported) {
    EXPECT_NE(refusal().find("neither keys nor HOME"), std::string::npos);
    variables_ = {{"HOME", directory_.path()}};
    const std::string message = refusal();
    EXPECT_NE(message.find(directory_ / ".aws/credentials"), std::string::npos) << message;
    EXPECT_NE(message.find("supported: AWS_ACCESS_KEY_ID"), std::string::npos) << message;
}

}  // namespace
}  // namespace farshore::storage
