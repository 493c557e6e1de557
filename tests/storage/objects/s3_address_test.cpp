#include "storage/objects/s3_address.hpp"

#include <gtest/gtest.h>

namespace farshore::storage {
namespace {

TEST(S3Url, BucketAndPrefix) {
    EXPECT_EQ(parse_s3_url("s3://bucket").take().bucket, "bucket");
    EXPECT_EQ(parse_s3_url("s3://bucket").take().prefix, "");
    EXPECT_EQ(parse_s3_url("s3://bucket/").take().prefix, "");
    EXPECT_EQ(parse_s3_url("s3://my.bucket-1/a/b c/").take().prefix, "a/b c");
}

TEST(S3Url, WhatIsNotOneIsRefused) {
    for (const char* url : {"", "bucket", "s3:/bucket", "s3://", "s3:///a", "s3://ab", "s3://-ab",
                            "s3://ab-", "s3://a..b", "s3://buck et", "s3://buck@et/x",
                            "s3://bucket/a//b", "s3://bucket/../a", "https://bucket"}) {
        const Result<S3Place> place = parse_s3_url(url);
        ASSERT_FALSE(place.ok()) << url;
        EXPECT_EQ(place.error().code(), ErrorCode::bad_config);
    }
}

S3Address address(const std::string& bucket, const std::string& region, const std::string& endpoint,
                  bool path_style) {
    return make_s3_address(bucket, region, endpoint, path_style).take();
}

TEST(S3Address, Amazon) {
    const S3Address virtual_host = address("bucket", "eu-west-1", "", false);
    EXPECT_EQ(virtual_host.origin, "https://bucket.s3.eu-west-1.amazonaws.com");
    EXPECT_EQ(virtual_host.host, "bucket.s3.eu-west-1.amazonaws.com");
    EXPECT_EQ(virtual_host.base_path, "");
    const S3Address path = address("bucket", "eu-west-1", "", true);
    EXPECT_EQ(path.origin, "https://s3.eu-west-1.amazonaws.com");
    EXPECT_EQ(path.base_path, "/bucket");
    EXPECT_EQ(address("bucket", "cn-north-1", "", true).host, "s3.cn-north-1.amazonaws.com.cn");
}

TEST(S3Address, AnEndpointOfOnesOwn) {
    const S3Address host = address("bucket", "us-east-1", "https://S3.Example.net:9000", false);
    EXPECT_EQ(host.origin, "https://bucket.s3.example.net:9000");
    EXPECT_EQ(host.host, "bucket.s3.example.net:9000");
    // The default port is not in the Host header, so it is not signed.
    EXPECT_EQ(address("bucket", "r", "https://h:443/", false).host, "bucket.h");
    EXPECT_EQ(address("bucket", "r", "http://h:80", true).origin, "http://h");
    EXPECT_EQ(address("bucket", "r", "http://h:443", true).origin, "http://h:443");
    EXPECT_EQ(address("bucket", "r", "https://h/storage/v1/s3/", true).base_path,
              "/storage/v1/s3/bucket");
}

TEST(S3Address, WhereTheHostCanNotHoldTheBucketThePathDoes) {
    EXPECT_EQ(address("bucket", "r", "http://127.0.0.1:9000", false).base_path, "/bucket");
    EXPECT_EQ(address("bucket", "r", "http://[::1]:9000", false).origin, "http://[::1]:9000");
    EXPECT_EQ(address("bucket", "r", "http://[::1]", false).base_path, "/bucket");
    EXPECT_EQ(address("my.bucket", "eu-west-1", "", false).base_path, "/my.bucket");
    EXPECT_EQ(address("my.bucket", "r", "http://h", false).host, "my.bucket.h");
}

TEST(S3Address, WhatIsNotOneIsRefused) {
    for (const char* endpoint :
         {"host", "ftp://host", "https://", "https://:443", "https://user@host", "https://ho st",
          "https://host:port", "https://host:", "https://host:123456", "https://host/a?b",
          "https://host/a b", "https://[::1", "https://host\r\nx: y"}) {
        EXPECT_FALSE(make_s3_address("bucket", "r", endpoint, true).ok()) << endpoint;
    }
    EXPECT_FALSE(make_s3_address("bucket", "", "https://host", true).ok());
    EXPECT_FALSE(make_s3_address("bucket", "us east", "", true).ok());
    EXPECT_FALSE(make_s3_address("bucket", "evil.com/", "", true).ok());
}

}  // namespace
}  // namespace farshore::storage
