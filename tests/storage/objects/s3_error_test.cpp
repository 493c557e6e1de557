#include "storage/objects/s3_error.hpp"

#include <gtest/gtest.h>

namespace farshore::storage {
namespace {

const S3Question question{"create", "s3://bucket/key", "us-east-1",
                          Timestamp{1'440'938'160'000'000'000}};  // 2015-08-30T12:36:00Z

HttpAnswer answer(int status, const std::string& code) {
    HttpAnswer out;
    out.status = status;
    if (!code.empty()) {
        out.body = "<Error><Code>" + code + "</Code><Message>words</Message></Error>";
    }
    return out;
}

ErrorCode code_of(int status, const std::string& code) {
    return s3_error(question, answer(status, code)).code();
}

TEST(S3Error, WhatPasses) {
    for (const int status : {500, 502, 503, 504, 408, 409, 429}) {
        EXPECT_EQ(code_of(status, ""), ErrorCode::store_unavailable) << status;
    }
    EXPECT_EQ(code_of(503, "SlowDown"), ErrorCode::store_unavailable);
    EXPECT_EQ(code_of(409, "ConditionalRequestConflict"), ErrorCode::store_unavailable);
    EXPECT_EQ(code_of(400, "RequestTimeout"), ErrorCode::store_unavailable);
    EXPECT_EQ(code_of(400, "XAmzContentSHA256Mismatch"), ErrorCode::store_unavailable);
    EXPECT_EQ(code_of(400, "KMS.ThrottlingException"), ErrorCode::store_unavailable);
    EXPECT_EQ(code_of(400, "ExpiredToken"), ErrorCode::store_unavailable);  // new keys are fetched
}

TEST(S3Error, WhatNeedsSomebody) {
    EXPECT_EQ(code_of(403, "AccessDenied"), ErrorCode::store_refused);
    EXPECT_EQ(code_of(403, ""), ErrorCode::store_refused);
    EXPECT_EQ(code_of(403, "SignatureDoesNotMatch"), ErrorCode::store_refused);
    EXPECT_EQ(code_of(404, "NoSuchBucket"), ErrorCode::store_refused);
    EXPECT_EQ(code_of(400, "InvalidRequest"), ErrorCode::store_refused);
    EXPECT_EQ(code_of(501, "NotImplemented"), ErrorCode::store_refused);
    EXPECT_EQ(code_of(400, "KMS.DisabledException"), ErrorCode::store_refused);
}

TEST(S3Error, OnlyTheServiceSaysThatAnObjectIsNotThere) {
    EXPECT_EQ(code_of(404, "NoSuchKey"), ErrorCode::not_found);
    EXPECT_EQ(code_of(404, ""), ErrorCode::store_unavailable);
    HttpAnswer proxy = answer(404, "");
    proxy.body = "<html><body>nothing here</body></html>";
    EXPECT_EQ(s3_error(question, proxy).code(), ErrorCode::store_unavailable);
}

TEST(S3Error, AConditionThatDoesNotHold) {
    EXPECT_EQ(code_of(412, "PreconditionFailed"), ErrorCode::precondition_failed);
}

TEST(S3Error, TheMessageNamesThingDeedAndCause) {
    EXPECT_EQ(s3_error(question, answer(403, "AccessDenied")).message(),
              "cannot create s3://bucket/key: the server answers 403 AccessDenied: words");
    EXPECT_EQ(s3_error(question, answer(502, "")).message(),
              "cannot create s3://bucket/key: the server answers 502");
    HttpAnswer hostile = answer(403, "Code");
    hostile.body = "<Error><Code>Code</Code><Message>a&#10;b&#27;c" + std::string(5000, 'x') +
                   "</Message></Error>";
    const std::string text = s3_error(question, hostile).message();
    EXPECT_LT(text.size(), 1200U);
    EXPECT_NE(text.find("a b c"), std::string::npos);
}

TEST(S3Error, AnotherRegionIsNamed) {
    for (const auto& [status, code] :
         {std::pair(301, "PermanentRedirect"), std::pair(307, "TemporaryRedirect"),
          std::pair(400, "AuthorizationHeaderMalformed")}) {
        HttpAnswer moved = answer(status, code);
        moved.headers.emplace_back("x-amz-bucket-region", "eu-west-1");
        const Error error = s3_error(question, moved);
        EXPECT_EQ(error.code(), ErrorCode::store_refused) << code;
        EXPECT_NE(
            error.message().find("the bucket is in region eu-west-1, the config says us-east-1"),
            std::string::npos)
            << error.message();
    }
    HttpAnswer in_body = answer(400, "");
    in_body.body =
        "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-2</Region></Error>";
    EXPECT_NE(s3_error(question, in_body).message().find("eu-west-2"), std::string::npos);
    HttpAnswer new_bucket = answer(307, "TemporaryRedirect");
    new_bucket.headers.emplace_back("x-amz-bucket-region", "us-east-1");
    EXPECT_EQ(s3_error(question, new_bucket).code(), ErrorCode::store_unavailable);
    EXPECT_EQ(code_of(307, "TemporaryRedirect"), ErrorCode::store_unavailable);
    EXPECT_EQ(code_of(301, ""), ErrorCode::store_refused);
}

TEST(S3Error, ASkewedClockIsMeasured) {
    HttpAnswer skewed = answer(403, "RequestTimeTooSkewed");
    EXPECT_EQ(s3_error(question, skewed).code(), ErrorCode::store_refused);
    skewed.headers.emplace_back("date", "Sun, 30 Aug 2015 13:36:00 GMT");
    EXPECT_NE(s3_error(question, skewed)
                  .message()
                  .find("this host's clock is 3600 s behind the server's"),
              std::string::npos);
    skewed.headers[0].second = "Sun, 30 Aug 2015 12:00:00 GMT";
    EXPECT_NE(s3_error(question, skewed).message().find("2160 s ahead of"), std::string::npos);
    skewed.headers[0].second = "nonsense";
    EXPECT_EQ(s3_error(question, skewed).message().find("clock is"), std::string::npos);
}

TEST(S3Error, NoAnswerKeepsItsCause) {
    const Error cause(ErrorCode::store_unavailable, "connection refused");
    EXPECT_EQ(s3_unreachable(question, cause).message(),
              "cannot create s3://bucket/key: connection refused");
    EXPECT_EQ(s3_nonsense(question, "x").code(), ErrorCode::store_unavailable);
}

}  // namespace
}  // namespace farshore::storage
