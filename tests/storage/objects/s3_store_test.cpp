// What real S3 servers do too seldom to wait for, and the bytes of our requests.

#include "storage/objects/s3_store.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "storage/disk/posix_file_system.hpp"
#include "storage/objects/open_store.hpp"
#include "tests/support/scripted_http_server.hpp"

namespace farshore::test {
namespace {

using storage::open_store;
using storage::StoreSettings;
using PutOutcome = storage::ObjectStore::PutOutcome;

class StoppedClock final : public Clock {
  public:
    ClockReading read() override { return {}; }
    BootTime boot_now() override { return {}; }
    Timestamp utc_now() override { return Timestamp{1'440'938'160'000'000'000}; }
    std::string boot_id() override { return {}; }
};

std::string s3_answer(int status, const std::string& code) {
    return http_answer(status, {"Content-Type: application/xml"},
                       "<Error><Code>" + code + "</Code><Message>words</Message></Error>");
}

std::string object(const std::string& bytes) {
    return http_answer(200, {"ETag: \"1\""}, bytes);
}

std::string version(const std::string& id, const std::string& bytes) {
    return http_answer(200, {"ETag: \"1\"", "x-amz-version-id: " + id}, bytes);
}

std::string versions(const std::string& list) {
    return http_answer(
        200, {},
        "<ListVersionsResult><IsTruncated>false</IsTruncated>" + list + "</ListVersionsResult>");
}

const std::string missing = s3_answer(404, "NoSuchKey");
const std::string stored = http_answer(200, {"ETag: \"1\""}, "");
const std::string key_path = "/bucket/p/key";

class S3StoreTest : public testing::Test {
  protected:
    void play(std::vector<ScriptedStep> steps) {
        server_ = std::make_unique<ScriptedHttpServer>(std::move(steps));
        settings_.endpoint = server_->endpoint();
        store_ = open_store(settings_, file_system_, clock_, environment_);
    }

    void TearDown() override {
        if (server_) {
            EXPECT_EQ(server_->finish(), "");
        }
    }

    ErrorCode refusal(const std::function<void()>& deed) {
        try {
            deed();
        } catch (const Error& error) {
            message_ = error.message();
            return error.code();
        }
        ADD_FAILURE() << "nothing was thrown";
        return ErrorCode::internal;
    }
    ErrorCode create_refusal() {
        return refusal([&] { static_cast<void>(store_->create("key", "bytes")); });
    }

    StoreSettings settings_{"s3://bucket/p", "us-east-1", "", "", "", "", true};
    storage::Environment environment_ = [](const std::string& name) -> std::optional<std::string> {
        if (name == "AWS_ACCESS_KEY_ID") {
            return "AKID";
        }
        if (name == "AWS_SECRET_ACCESS_KEY") {
            return "SECRET";
        }
        if (name == "AWS_SESSION_TOKEN") {
            return "TOKEN";
        }
        return std::nullopt;
    };
    storage::PosixFileSystem file_system_;
    StoppedClock clock_;
    std::unique_ptr<ScriptedHttpServer> server_;
    std::unique_ptr<storage::ObjectStore> store_;
    std::string message_;
};

TEST_F(S3StoreTest, TheBytesOfAPut) {
    settings_.object_lock = "compliance:1d";
    settings_.encryption = "aws:kms:key";
    play({{"GET", key_path, missing},
          {"PUT", key_path, stored},
          {"GET", key_path, object("bytes")}});
    EXPECT_EQ(store_->create("key", "bytes"), PutOutcome::created);
    EXPECT_EQ(server_->finish(), "");
    const ReceivedRequest& put = server_->requests()[1];
    EXPECT_EQ(put.body, "bytes");
    EXPECT_EQ(put.header("host"), "127.0.0.1:" + std::to_string(server_->port()));
    EXPECT_EQ(put.header("if-none-match"), "*");
    EXPECT_EQ(put.header("content-length"), "5");
    EXPECT_EQ(put.header("x-amz-date"), "20150830T123600Z");
    EXPECT_EQ(put.header("x-amz-security-token"), "TOKEN");
    EXPECT_EQ(put.header("x-amz-content-sha256"), sha256("bytes").hex());
    EXPECT_EQ(put.header("x-amz-checksum-sha256"), storage::base64(sha256("bytes")));
    EXPECT_EQ(put.header("x-amz-object-lock-mode"), "COMPLIANCE");
    EXPECT_EQ(put.header("x-amz-object-lock-retain-until-date"), "2015-08-31T12:36:00Z");
    EXPECT_EQ(put.header("x-amz-server-side-encryption"), "aws:kms");
    EXPECT_EQ(put.header("expect"), "");
    EXPECT_NE(put.header("authorization").find("SignedHeaders=content-type;host;if-none-match;"),
              std::string::npos);
    EXPECT_EQ(put.header("authorization").find("SECRET"), std::string::npos);
}

TEST_F(S3StoreTest, WhatIsThereAlreadyIsNotWritten) {
    play({{"GET", key_path, object("bytes")}, {"GET", key_path, object("others")}});
    EXPECT_EQ(store_->create("key", "bytes"), PutOutcome::same);
    EXPECT_EQ(store_->create("key", "bytes"), PutOutcome::different);
}

TEST_F(S3StoreTest, A412IsReadBack) {
    play({{"GET", key_path, missing},
          {"PUT", key_path, s3_answer(412, "PreconditionFailed")},
          {"GET", key_path, object("bytes")},
          {"GET", key_path, missing},
          {"PUT", key_path, s3_answer(412, "PreconditionFailed")},
          {"GET", key_path, object("other")},
          {"GET", key_path, missing},
          {"PUT", key_path, s3_answer(412, "PreconditionFailed")},
          {"GET", key_path, missing}});
    EXPECT_EQ(store_->create("key", "bytes"), PutOutcome::same);
    EXPECT_EQ(store_->create("key", "bytes"), PutOutcome::different);
    EXPECT_EQ(create_refusal(), ErrorCode::store_unavailable);
}

TEST_F(S3StoreTest, A409IsReadBackAndElseForLater) {
    play({{"GET", key_path, missing},
          {"PUT", key_path, s3_answer(409, "ConditionalRequestConflict")},
          {"GET", key_path, missing},
          {"GET", key_path, missing},
          {"PUT", key_path, s3_answer(409, "ConditionalRequestConflict")},
          {"GET", key_path, object("other")}});
    EXPECT_EQ(create_refusal(), ErrorCode::store_unavailable);
    EXPECT_EQ(store_->create("key", "bytes"), PutOutcome::different);
}

TEST_F(S3StoreTest, A500AfterStoringIsFoundOut) {
    play({{"GET", key_path, missing},
          {"PUT", key_path, s3_answer(500, "InternalError")},
          {"GET", key_path, object("bytes")}});
    EXPECT_EQ(store_->create("key", "bytes"), PutOutcome::same);
}

TEST_F(S3StoreTest, AConnectionThatEndsAfterStoringIsFoundOut) {
    play({{"GET", key_path, missing}, {"PUT", key_path, ""}, {"GET", key_path, object("bytes")}});
    EXPECT_EQ(store_->create("key", "bytes"), PutOutcome::same);
}

TEST_F(S3StoreTest, A503IsForLaterAndThenItWorks) {
    play({{"GET", key_path, missing},
          {"PUT", key_path, s3_answer(503, "SlowDown")},
          {"GET", key_path, missing},
          {"GET", key_path, missing},
          {"PUT", key_path, stored},
          {"GET", key_path, object("bytes")}});
    EXPECT_EQ(create_refusal(), ErrorCode::store_unavailable);
    EXPECT_NE(message_.find("cannot create s3://bucket/p/key: the server answers 503 SlowDown"),
              std::string::npos)
        << message_;
    EXPECT_EQ(store_->create("key", "bytes"), PutOutcome::created);
}

TEST_F(S3StoreTest, WhenTheReadBackFailsTooTheFirstCauseIsNamed) {
    play({{"GET", key_path, missing},
          {"PUT", key_path, s3_answer(503, "SlowDown")},
          {"GET", key_path, s3_answer(500, "InternalError")}});
    EXPECT_EQ(create_refusal(), ErrorCode::store_unavailable);
    EXPECT_NE(message_.find("SlowDown"), std::string::npos) << message_;
}

TEST_F(S3StoreTest, ARefusalIsNotReadBack) {
    play({{"GET", key_path, missing}, {"PUT", key_path, s3_answer(403, "AccessDenied")}});
    EXPECT_EQ(create_refusal(), ErrorCode::store_refused);
}

TEST_F(S3StoreTest, WithoutAnAnswerAboutTheKeyNothingIsWritten) {
    play({{"GET", key_path, s3_answer(503, "SlowDown")}});
    EXPECT_EQ(create_refusal(), ErrorCode::store_unavailable);
}

TEST_F(S3StoreTest, AnEmpty200IsNotAnObjectOfOtherBytes) {
    play({{"GET", key_path, http_answer(200, {}, "")},
          {"GET", "/bucket/?", http_answer(200, {}, "")}});
    EXPECT_EQ(create_refusal(), ErrorCode::store_unavailable);
    EXPECT_NE(message_.find("not an answer of S3"), std::string::npos) << message_;
    EXPECT_EQ(refusal([&] { static_cast<void>(store_->list("")); }), ErrorCode::store_unavailable);
}

TEST_F(S3StoreTest, AcceptedButNotThereIsNotCreated) {
    play({{"GET", key_path, missing}, {"PUT", key_path, stored}, {"GET", key_path, missing}});
    EXPECT_EQ(create_refusal(), ErrorCode::store_unavailable);
}

TEST_F(S3StoreTest, AcceptedButOverwrittenIsDifferent) {
    play({{"GET", key_path, missing},
          {"PUT", key_path, stored},
          {"GET", key_path, object("other")}});
    EXPECT_EQ(store_->create("key", "bytes"), PutOutcome::different);
}

TEST_F(S3StoreTest, AnotherRegionIsNamedAndNotFollowed) {
    const std::string moved =
        http_answer(301, {"x-amz-bucket-region: eu-west-1", "Location: http://127.0.0.1:1/"},
                    "<Error><Code>PermanentRedirect</Code></Error>");
    play({{"GET", "/bucket/?", moved}});
    EXPECT_EQ(refusal([&] { store_->check(); }), ErrorCode::store_refused);
    EXPECT_NE(message_.find("region eu-west-1"), std::string::npos) << message_;
}

TEST_F(S3StoreTest, AServerThatKeepsAnythingIsNotS3) {
    const std::string page = http_answer(
        200, {}, "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>");
    play({{"GET", "/bucket/?", page}, {"PUT", "/bucket/p/farshore-check", stored}});
    EXPECT_EQ(refusal([&] { store_->check(); }), ErrorCode::store_refused);
    EXPECT_NE(message_.find("it is not S3"), std::string::npos) << message_;
}

TEST_F(S3StoreTest, AListingGoesOnWhereItWasTold) {
    const auto page = [](const std::string& key, const std::string& next) {
        return http_answer(200, {},
                           "<ListBucketResult><Contents><Key>p/" + key + "</Key></Contents>" +
                               (next.empty() ? "<IsTruncated>false</IsTruncated>"
                                             : "<IsTruncated>true</IsTruncated>"
                                               "<NextContinuationToken>" +
                                                   next + "</NextContinuationToken>") +
                               "</ListBucketResult>");
    };
    const std::string query = "/bucket/?";
    const std::string rest = "encoding-type=url&list-type=2&prefix=p%2Fx%2B";
    play({{"GET", query + rest, page("x+1", "a+/=")},
          {"GET", query + "continuation-token=a%2B%2F%3D&" + rest, page("x+2", "")},
          {"GET", query, page("x+1", "t")},
          {"GET", query, page("x+2", "t")},
          {"GET", query, page("y", "")}});
    EXPECT_EQ(store_->list("x+"), (std::vector<std::string>{"x+1", "x+2"}));
    EXPECT_EQ(refusal([&] { static_cast<void>(store_->list("x+")); }),
              ErrorCode::store_unavailable);
    EXPECT_EQ(refusal([&] { static_cast<void>(store_->list("x+")); }),
              ErrorCode::store_unavailable);
    EXPECT_NE(message_.find("not asked for"), std::string::npos);
}

TEST_F(S3StoreTest, TheOldestVersionIsTheObject) {
    const std::string two =
        "<Version><Key>p/key</Key><VersionId>v2</VersionId></Version>"
        "<Version><Key>p/key</Key><VersionId>v1</VersionId></Version>"
        "<Version><Key>p/key2</Key><VersionId>v0</VersionId></Version>";
    play({{"GET", key_path, version("v2", "altered")},
          {"GET", "/bucket/?", versions(two)},
          {"GET", key_path + "?versionId=v1", version("v1", "first")}});
    EXPECT_EQ(store_->get("key", 100).take(), "first");
}

TEST_F(S3StoreTest, ADeletedObjectIsStillThere) {
    const std::string deleted =
        http_answer(404, {"x-amz-delete-marker: true", "x-amz-version-id: v2"},
                    "<Error><Code>NoSuchKey</Code></Error>");
    const std::string markers =
        "<DeleteMarker><Key>p/key</Key><VersionId>v2</VersionId></DeleteMarker>";
    const std::string first = "<Version><Key>p/key</Key><VersionId>v1</VersionId></Version>";
    play({{"GET", key_path, deleted},
          {"GET", "/bucket/?", versions(markers + first)},
          {"GET", key_path + "?versionId=v1", version("v1", "first")},
          {"GET", key_path, deleted},
          {"GET", "/bucket/?", versions(markers)}});
    EXPECT_EQ(store_->get("key", 100).take(), "first");
    EXPECT_EQ(store_->get("key", 100).error().code(), ErrorCode::not_found);
}

TEST_F(S3StoreTest, ALargeObjectIsComparedByTheServersChecksum) {
    const std::string bytes(8 * 1024 * 1024 + 1, 'x');
    const auto head = [&](const std::string& checksum, std::size_t size) {
        return "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nx-amz-checksum-sha256: " + checksum +
               "\r\nContent-Length: " + std::to_string(size) + "\r\nConnection: close\r\n\r\n";
    };
    const std::string right = storage::base64(sha256(bytes));
    play({{"GET", key_path, missing},
          {"PUT", key_path, stored},
          {"HEAD", key_path, head(right, bytes.size())},
          {"GET", key_path, missing},
          {"PUT", key_path, stored},
          {"HEAD", key_path, head(storage::base64(sha256("x")), bytes.size())},
          {"GET", key_path, missing},
          {"PUT", key_path, stored},
          {"HEAD", key_path, head("", bytes.size())},
          {"GET", key_path, object(bytes)}});
    EXPECT_EQ(store_->create("key", bytes), PutOutcome::created);
    EXPECT_EQ(store_->create("key", bytes), PutOutcome::different);
    EXPECT_EQ(store_->create("key", bytes), PutOutcome::created);
}

}  // namespace
}  // namespace farshore::test
