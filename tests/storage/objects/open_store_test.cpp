#include "storage/objects/open_store.hpp"

#include <gtest/gtest.h>

#include "storage/disk/posix_file_system.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::storage {
namespace {

class StoppedClock final : public Clock {
  public:
    ClockReading read() override { return {}; }
    BootTime boot_now() override { return {}; }
    Timestamp utc_now() override { return {}; }
    std::string boot_id() override { return {}; }
};

class OpenStoreTest : public testing::Test {
  protected:
    std::string refusal(const StoreSettings& settings) {
        try {
            static_cast<void>(open_store(settings, file_system_, clock_));
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::bad_config);
            return error.message();
        }
        ADD_FAILURE() << "it was opened: " << settings.url;
        return {};
    }

    test::TemporaryDirectory directory_;
    PosixFileSystem file_system_;
    StoppedClock clock_;
};

StoreSettings s3_settings() {
    StoreSettings settings;
    settings.url = "s3://bucket/prefix";
    settings.region = "us-east-1";
    return settings;
}

TEST_F(OpenStoreTest, ADirectory) {
    StoreSettings settings;
    for (const std::string& scheme : {std::string("file:"), std::string("file://")}) {
        settings.url = scheme + (directory_ / "store");
        EXPECT_TRUE(is_directory_url(settings.url));
        const auto store = open_store(settings, file_system_, clock_);
        store->check();
        EXPECT_EQ(store->name(), "file:" + (directory_ / "store"));
        EXPECT_NE(store->create("a", "1"), ObjectStore::PutOutcome::different);
    }
    EXPECT_EQ(test::read_whole(directory_ / "store/a"), "1");
}

TEST_F(OpenStoreTest, ADirectoryKeepsNoLock) {
    StoreSettings settings;
    settings.url = "file:" + (directory_ / "store");
    settings.object_lock = "governance:1d";
    EXPECT_NE(refusal(settings).find("object_lock"), std::string::npos);
    settings.object_lock.clear();
    settings.encryption = "AES256";
    EXPECT_NE(refusal(settings).find("encryption"), std::string::npos);
}

TEST_F(OpenStoreTest, S3) {
    const auto store = open_store(s3_settings(), file_system_, clock_);
    EXPECT_EQ(store->name(), "s3://bucket/prefix");
    EXPECT_FALSE(is_directory_url("s3://bucket/prefix"));
}

TEST_F(OpenStoreTest, EachWrongKeyIsNamed) {
    StoreSettings settings = s3_settings();
    for (const char* url :
         {"", "store", "file:relative", "file://host/path", "http://x", "s3://x"}) {
        settings.url = url;
        EXPECT_NE(refusal(settings).find("store url"), std::string::npos) << url;
    }
    settings = s3_settings();
    settings.region = "";
    EXPECT_NE(refusal(settings).find("region"), std::string::npos);
    settings = s3_settings();
    settings.endpoint = "host:9000";
    EXPECT_NE(refusal(settings).find("endpoint"), std::string::npos);
    settings = s3_settings();
    settings.object_lock = "forever";
    EXPECT_NE(refusal(settings).find("object_lock"), std::string::npos);
    settings = s3_settings();
    settings.encryption = "rot13";
    EXPECT_NE(refusal(settings).find("encryption"), std::string::npos);
}

}  // namespace
}  // namespace farshore::storage
