// The contract of ObjectStore, and what is S3's own, against a real S3 server.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

#include "storage/disk/posix_file_system.hpp"
#include "storage/objects/open_store.hpp"
#include "storage/objects/s3_store.hpp"
#include "tests/contracts/object_store_contract.hpp"
#include "tests/support/process.hpp"
#include "tests/support/s3_server.hpp"

namespace farshore::test {
namespace {

using storage::open_store;
using storage::StoreSettings;
using PutOutcome = storage::ObjectStore::PutOutcome;
using BucketKind = S3Server::BucketKind;

class TestClock final : public Clock {
  public:
    ClockReading read() override { return {utc_now(), boot_now(), std::nullopt}; }
    BootTime boot_now() override { return {}; }
    Timestamp utc_now() override {
        const auto since = std::chrono::system_clock::now().time_since_epoch();
        return Timestamp{std::chrono::duration_cast<std::chrono::nanoseconds>(since).count()} +
               skew_;
    }
    std::string boot_id() override { return {}; }

    void set_skew(Duration skew) { skew_ = skew; }

  private:
    Duration skew_;
};

// One server for all tests of this program; it ends with the program.
S3Server& server() {
    static S3Server instance;
    return instance;
}

std::string new_bucket(BucketKind kind) {
    static std::atomic<int> count = 0;
    std::string name = "bucket-" + std::to_string(++count);
    server().make_bucket(name, kind);
    return name;
}

class S3Place final : public StorePlace {
  public:
    explicit S3Place(const StoreSettings& settings) : settings_(settings) {}

    std::unique_ptr<storage::ObjectStore> open() override {
        return open_store(settings_, file_system_, clock_, S3Server::environment(S3Server::keys()));
    }

  private:
    StoreSettings settings_;
    storage::PosixFileSystem file_system_;
    TestClock clock_;
};

std::unique_ptr<StorePlace> path_style_place() {
    return std::make_unique<S3Place>(
        server().settings(new_bucket(BucketKind::plain), "some/pre fix"));
}

std::unique_ptr<StorePlace> tls_place() {
    StoreSettings settings = server().settings(new_bucket(BucketKind::plain), "");
    settings.endpoint = server().tls_endpoint();  // the bucket is in the host's name
    settings.ca = server().ca();
    settings.path_style = false;
    return std::make_unique<S3Place>(settings);
}

std::unique_ptr<StorePlace> locked_place() {
    StoreSettings settings = server().settings(new_bucket(BucketKind::locked), "p");
    settings.object_lock = "governance:1d";
    return std::make_unique<S3Place>(settings);
}

std::unique_ptr<StorePlace> versioned_place() {
    return std::make_unique<S3Place>(server().settings(new_bucket(BucketKind::versioned), "p"));
}

INSTANTIATE_TEST_SUITE_P(
    S3, ObjectStoreContract,
    testing::Values(StoreMaker{"path_style", S3Server::missing, path_style_place, 250},
                    StoreMaker{"tls_virtual_host", S3Server::missing, tls_place},
                    StoreMaker{"versioned", S3Server::missing, versioned_place},
                    StoreMaker{"locked", S3Server::missing, locked_place}),
    [](const auto& maker) { return maker.param.name; });

class S3StoreOnServer : public testing::Test {
  protected:
    void SetUp() override {
        if (const auto reason = S3Server::missing()) {
            GTEST_SKIP() << *reason;
        }
    }

    std::unique_ptr<storage::ObjectStore> open(const StoreSettings& settings,
                                               const storage::S3Keys& keys = S3Server::keys()) {
        return open_store(settings, file_system_, clock_, S3Server::environment(keys));
    }

    static Error error_of(const std::function<void()>& deed) {
        try {
            deed();
        } catch (const Error& error) {
            return error;
        }
        ADD_FAILURE() << "nothing was thrown";
        return {ErrorCode::internal, ""};
    }

    storage::PosixFileSystem file_system_;
    TestClock clock_;
};

TEST_F(S3StoreOnServer, AMissingBucketIsRefused) {
    const auto store = open(server().settings("no-such-bucket", "p"));
    for (const Error& error :
         {error_of([&] { store->check(); }), error_of([&] { static_cast<void>(store->list("")); }),
          error_of([&] { static_cast<void>(store->get("a", 1)); }),
          error_of([&] { static_cast<void>(store->create("a", "1")); })}) {
        EXPECT_EQ(error.code(), ErrorCode::store_refused);
        EXPECT_NE(error.message().find("NoSuchBucket"), std::string::npos) << error.message();
        EXPECT_NE(error.message().find("s3://no-such-bucket/p"), std::string::npos);
    }
}

TEST_F(S3StoreOnServer, WrongKeysAreRefused) {
    const StoreSettings settings = server().settings(new_bucket(BucketKind::plain), "p");
    storage::S3Keys keys = S3Server::keys();
    keys.secret_key = "wrong";
    const Error wrong_secret = error_of([&] { open(settings, keys)->check(); });
    EXPECT_EQ(wrong_secret.code(), ErrorCode::store_refused);
    EXPECT_NE(wrong_secret.message().find("SignatureDoesNotMatch"), std::string::npos);
    keys.access_key = "NOBODY";
    const Error unknown =
        error_of([&] { static_cast<void>(open(settings, keys)->create("a", "1")); });
    EXPECT_EQ(unknown.code(), ErrorCode::store_refused);
    EXPECT_NE(unknown.message().find("InvalidAccessKeyId"), std::string::npos);
}

TEST_F(S3StoreOnServer, AWrongClockIsNamed) {
    const auto store = open(server().settings(new_bucket(BucketKind::plain), "p"));
    clock_.set_skew(Duration::from_seconds(-3600));
    const Error behind = error_of([&] { store->check(); });
    EXPECT_EQ(behind.code(), ErrorCode::store_refused);
    EXPECT_NE(behind.message().find("RequestTimeTooSkewed"), std::string::npos);
    EXPECT_NE(behind.message().find("s behind the server's"), std::string::npos)
        << behind.message();
    clock_.set_skew(Duration::from_seconds(3600));
    const Error ahead = error_of([&] { store->check(); });
    EXPECT_NE(ahead.message().find("s ahead of the server's"), std::string::npos)
        << ahead.message();
}

TEST_F(S3StoreOnServer, WithoutTheAuthorityTlsIsRefused) {
    StoreSettings settings = server().settings(new_bucket(BucketKind::plain), "");
    settings.endpoint = server().tls_endpoint();
    const Error error = error_of([&] { open(settings)->check(); });
    EXPECT_EQ(error.code(), ErrorCode::store_refused);
    EXPECT_NE(error.message().find("certificate"), std::string::npos) << error.message();
}

TEST_F(S3StoreOnServer, ReadersMayNotWriteAndCheckSaysSo) {
    const std::string bucket = new_bucket(BucketKind::plain);
    const std::string policy =
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*",)"
        R"("Action":"s3:PutObject","Resource":"arn:aws:s3:::)" +
        bucket + R"(/*"}]})";
    ASSERT_LT(server().request("PUT", "/" + bucket, {{"policy", ""}}, {}, policy).status, 300);
    const auto store = open(server().settings(bucket, "p"));
    for (const Error& error : {error_of([&] { store->check(); }),
                               error_of([&] { static_cast<void>(store->create("a", "1")); })}) {
        EXPECT_EQ(error.code(), ErrorCode::store_refused);
        EXPECT_NE(error.message().find("AccessDenied"), std::string::npos) << error.message();
    }
}

TEST_F(S3StoreOnServer, AnObjectIsLockedFromTheStart) {
    const std::string bucket = new_bucket(BucketKind::locked);
    StoreSettings settings = server().settings(bucket, "p");
    settings.object_lock = "compliance:2d";
    EXPECT_EQ(open(settings)->create("a", "1"), PutOutcome::created);
    const auto head = server().request("HEAD", "/" + bucket + "/p/a", {}, {}, "");
    EXPECT_EQ(head.header("x-amz-object-lock-mode"), "COMPLIANCE");
    const Timestamp until = clock_.utc_now() + Duration::from_seconds(2 * 86'400);
    EXPECT_EQ(head.header("x-amz-object-lock-retain-until-date").substr(0, 10),
              storage::iso_date(until).substr(0, 10));
}

// farshore's own client removes nothing: somebody else's does.
void remove(const std::string& path) {
    const storage::S3Keys keys = S3Server::keys();
    const Outcome outcome = run(
        {"curl", "--silent", "--show-error", "--fail", "--request", "DELETE", "--aws-sigv4",
         "aws:amz:" + S3Server::region() + ":s3", "--user", keys.access_key + ":" + keys.secret_key,
         "--header", "x-amz-content-sha256: " + sha256("").hex(), server().endpoint() + path});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
}

// Retention keeps the version; it does not keep others from being put over it.
TEST_F(S3StoreOnServer, WhatLiesOverALockedObjectIsListed) {
    const std::string bucket = new_bucket(BucketKind::locked);
    StoreSettings settings = server().settings(bucket, "p");
    settings.object_lock = "compliance:1d";
    const auto store = open(settings);
    for (const char* key : {"a", "b", "c"}) {
        ASSERT_EQ(store->create(key, "true"), PutOutcome::created);
    }
    EXPECT_TRUE(store->list_overlaid("").empty());
    for (const char* bytes : {"forged", "forged again"}) {
        ASSERT_EQ(server().request("PUT", "/" + bucket + "/p/a", {}, {}, bytes).status, 200);
    }
    remove("/" + bucket + "/p/b");
    remove("/" + bucket + "/p/nothing");
    const auto over = store->list_overlaid("");
    ASSERT_EQ(over.size(), 4U);
    EXPECT_EQ(over[0].key, "a");
    EXPECT_TRUE(over[0].what.starts_with("a newer version")) << over[0].what;
    EXPECT_EQ(over[1].key, "a");
    EXPECT_EQ(over[2].key, "b");
    EXPECT_TRUE(over[2].what.starts_with("a delete marker")) << over[2].what;
    EXPECT_TRUE(over[2].has_object);
    EXPECT_EQ(over[3].key, "nothing");
    EXPECT_FALSE(over[3].has_object);
    // The objects are what they were.
    EXPECT_EQ(store->get("a", 100).take(), "true");
    EXPECT_EQ(store->get("b", 100).take(), "true");
}

TEST_F(S3StoreOnServer, ABucketWithoutVersionsHasNothingOverItsObjects) {
    const auto store = open(server().settings(new_bucket(BucketKind::plain), "p"));
    ASSERT_EQ(store->create("a", "1"), PutOutcome::created);
    EXPECT_TRUE(store->list_overlaid("").empty());
}

TEST_F(S3StoreOnServer, ALockNeedsABucketForIt) {
    StoreSettings settings = server().settings(new_bucket(BucketKind::plain), "p");
    settings.object_lock = "compliance:1d";
    const auto store = open(settings);
    EXPECT_EQ(error_of([&] { static_cast<void>(store->create("a", "1")); }).code(),
              ErrorCode::store_refused);
}

TEST_F(S3StoreOnServer, EncryptionIsAskedFor) {
    const std::string bucket = new_bucket(BucketKind::plain);
    StoreSettings settings = server().settings(bucket, "p");
    settings.encryption = "aws:kms:testkey-1";
    const auto store = open(settings);
    EXPECT_EQ(store->create("a", "1"), PutOutcome::created);
    EXPECT_EQ(store->get("a", 1).take(), "1");
    const auto head = server().request("HEAD", "/" + bucket + "/p/a", {}, {}, "");
    EXPECT_EQ(head.header("x-amz-server-side-encryption"), "aws:kms");
    EXPECT_EQ(head.header("x-amz-server-side-encryption-aws-kms-key-id"), "testkey-1");
}

TEST_F(S3StoreOnServer, KeysOfOthersAreListedButNotBelowAnotherPrefix) {
    const std::string bucket = new_bucket(BucketKind::plain);
    ASSERT_EQ(server()
                  .request("PUT",
                           "/" + bucket +
                               "/p/a\x01"
                               "b",
                           {}, {}, "x")
                  .status,
              200);
    ASSERT_EQ(server().request("PUT", "/" + bucket + "/pq/c", {}, {}, "x").status, 200);
    EXPECT_EQ(open(server().settings(bucket, "p"))->list(""), std::vector<std::string>{"a\x01"
                                                                                       "b"});
}

TEST_F(S3StoreOnServer, NobodyAtTheEndpointIsUnavailable) {
    StoreSettings settings = server().settings("bucket", "p");
    settings.endpoint = "http://127.0.0.1:1";
    const Error error = error_of([&] { open(settings)->check(); });
    EXPECT_EQ(error.code(), ErrorCode::store_unavailable);
    EXPECT_NE(error.message().find("cannot list s3://bucket/p"), std::string::npos);
}

}  // namespace
}  // namespace farshore::test
