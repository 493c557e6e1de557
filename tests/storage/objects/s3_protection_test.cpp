#include "storage/objects/s3_protection.hpp"

#include <gtest/gtest.h>

namespace farshore::storage {
namespace {

TEST(ObjectLock, ModesAndDurations) {
    EXPECT_EQ(parse_object_lock("").take(), std::nullopt);
    EXPECT_EQ(parse_object_lock("governance:30d").take(), (ObjectLock{"GOVERNANCE", 30}));
    EXPECT_EQ(parse_object_lock("compliance:1y").take(), (ObjectLock{"COMPLIANCE", 366}));
    EXPECT_EQ(parse_object_lock("compliance:4y").take(), (ObjectLock{"COMPLIANCE", 1461}));
    EXPECT_EQ(parse_object_lock("compliance:7y").take(), (ObjectLock{"COMPLIANCE", 2557}));
    EXPECT_EQ(parse_object_lock("governance:100y").take(), (ObjectLock{"GOVERNANCE", 36'525}));
}

TEST(ObjectLock, AnythingElseIsRefused) {
    for (const char* text :
         {"governance", "governance:", "governance:30", "governance:d", "governance:0d",
          "governance:-1d", "governance:30h", "legal:30d", "Governance:30d", "governance:101y",
          "governance:99999999d", "governance: 30d", "governance:3 0d", "governance:30dd"}) {
        const auto lock = parse_object_lock(text);
        ASSERT_FALSE(lock.ok()) << text;
        EXPECT_EQ(lock.error().code(), ErrorCode::bad_config);
    }
}

TEST(Encryption, Algorithms) {
    EXPECT_EQ(parse_encryption("").take(), std::nullopt);
    EXPECT_EQ(parse_encryption("AES256").take(), (Encryption{"AES256", ""}));
    EXPECT_EQ(parse_encryption("aws:kms").take(), (Encryption{"aws:kms", ""}));
    EXPECT_EQ(parse_encryption("aws:kms:arn:aws:kms:eu-west-1:1:key/2").take(),
              (Encryption{"aws:kms", "arn:aws:kms:eu-west-1:1:key/2"}));
    for (const char* text : {"aes256", "AES256:x", "aws:kms:", "aws", "aws:kms:a b",
                             "aws:kms:a\r\nx-amz-acl: public-read"}) {
        EXPECT_FALSE(parse_encryption(text).ok()) << text;
    }
}

TEST(Protection, AsHeaders) {
    const Timestamp now{1'440'938'160'000'000'000};  // 2015-08-30T12:36:00Z
    EXPECT_TRUE(protection_headers({}, now).empty());
    const S3Protection all{ObjectLock{"COMPLIANCE", 2}, Encryption{"aws:kms", "key"}};
    EXPECT_EQ(protection_headers(all, now),
              (NameValues{{"x-amz-object-lock-mode", "COMPLIANCE"},
                          {"x-amz-object-lock-retain-until-date", "2015-09-01T12:36:00Z"},
                          {"x-amz-server-side-encryption", "aws:kms"},
                          {"x-amz-server-side-encryption-aws-kms-key-id", "key"}}));
}

}  // namespace
}  // namespace farshore::storage
