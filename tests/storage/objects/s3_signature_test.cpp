#include "storage/objects/s3_signature.hpp"

#include <gtest/gtest.h>

namespace farshore::storage {
namespace {

const S3Keys suite_keys{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};
const S3Keys guide_keys{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};
const Timestamp suite_time{1'440'938'160'000'000'000};  // 2015-08-30T12:36:00Z
const Timestamp guide_time{1'369'353'600'000'000'000};  // 2013-05-24T00:00:00Z
const std::string empty_hash = sha256("").hex();

std::string signature(const std::string& authorization) {
    return authorization.substr(authorization.rfind('=') + 1);
}

// A request of AWS's test suite for Signature Version 4.
S3Canonical suite_request(const std::string& method, const std::string& path,
                          const std::string& query) {
    return {method,
            path,
            query,
            {{"host", "example.amazonaws.com"}, {"x-amz-date", "20150830T123600Z"}},
            empty_hash};
}

std::string suite_signature(const S3Canonical& request) {
    return signature(authorization(request, suite_keys, {"us-east-1", "service"}, suite_time));
}

TEST(S3Signature, CanonicalRequestOfGetVanilla) {
    const S3Canonical request = suite_request("GET", "/", "");
    EXPECT_EQ(canonical_request(request),
              "GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\n"
              "host;x-amz-date\n"
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(string_to_sign(request, {"us-east-1", "service"}, suite_time),
              "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n"
              "bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63");
    EXPECT_EQ(authorization(request, suite_keys, {"us-east-1", "service"}, suite_time),
              "AWS4-HMAC-SHA256 "
              "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
              "SignedHeaders=host;x-amz-date, "
              "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

TEST(S3Signature, PublishedSuite) {
    EXPECT_EQ(suite_signature(suite_request("POST", "/", "")),
              "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
    EXPECT_EQ(suite_signature(suite_request(
                  "GET", "/", encode_query({{"Param2", "value2"}, {"Param1", "value1"}}))),
              "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
    EXPECT_EQ(suite_signature(suite_request("GET", encode_uri_path("/\u1234"), "")),
              "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85");
    EXPECT_EQ(suite_signature(suite_request("GET", "/", encode_query({{"\u1234", "bar"}}))),
              "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04");
    const std::string unreserved =
        "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    EXPECT_EQ(suite_signature(suite_request("GET", encode_uri_path(unreserved), "")),
              "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f");
    EXPECT_EQ(suite_signature(suite_request("POST", "/", encode_query({{"Param1", "value1"}}))),
              "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11");
}

TEST(S3Signature, BlanksInHeadersAreFolded) {
    S3Canonical request = suite_request("GET", "/", "");
    request.headers.emplace_back("my-header1", " value1");
    request.headers.emplace_back("my-header2", " \"a   b   c\"");
    EXPECT_EQ(suite_signature(request),
              "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736");
}

// The examples of S3's own guide, "Signature Calculations for the Authorization Header".
S3Canonical guide_request(const std::string& method, const std::string& path,
                          const std::string& query, std::string_view body) {
    const std::string hash = sha256(body).hex();
    return {method,
            encode_uri_path(path),
            query,
            {{"host", "examplebucket.s3.amazonaws.com"},
             {"x-amz-content-sha256", hash},
             {"x-amz-date", "20130524T000000Z"}},
            hash};
}

std::string guide_signature(const S3Canonical& request) {
    return signature(authorization(request, guide_keys, {"us-east-1", "s3"}, guide_time));
}

TEST(S3Signature, ExamplesOfTheGuide) {
    S3Canonical get = guide_request("GET", "/test.txt", "", "");
    get.headers.emplace_back("range", "bytes=0-9");
    EXPECT_EQ(guide_signature(get),
              "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    S3Canonical put = guide_request("PUT", "/test$file.text", "", "Welcome to Amazon S3.");
    put.headers.emplace_back("date", "Fri, 24 May 2013 00:00:00 GMT");
    put.headers.emplace_back("x-amz-storage-class", "REDUCED_REDUNDANCY");
    EXPECT_EQ(guide_signature(put),
              "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
    EXPECT_EQ(guide_signature(guide_request("GET", "/", encode_query({{"lifecycle", ""}}), "")),
              "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
    const std::string listing = encode_query({{"prefix", "J"}, {"max-keys", "2"}});
    EXPECT_EQ(guide_signature(guide_request("GET", "/", listing, "")),
              "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(S3Signature, Encoding) {
    EXPECT_EQ(encode_uri_path("/a b/+=~.%\xC3\xBC"), "/a%20b/%2B%3D~.%25%C3%BC");
    EXPECT_EQ(encode_uri_component("a/b"), "a%2Fb");
    EXPECT_EQ(encode_query({}), "");
    EXPECT_EQ(encode_query({{"b", "1"}, {"a", "2"}, {"a", "1"}, {"c d", ""}}),
              "a=1&a=2&b=1&c%20d=");
    // Sorted as encoded: '%' comes before letters, so "_x" goes behind "\xFCx".
    EXPECT_EQ(encode_query({{"_x", "1"}, {"\xFCx", "2"}}), "%FCx=2&_x=1");
}

TEST(S3Signature, HeadersAreSortedByName) {
    S3Canonical request = suite_request("PUT", "/", "");
    request.headers.emplace_back("x-amz-server-side-encryption-aws-kms-key-id", "k");
    request.headers.emplace_back("x-amz-server-side-encryption", "aws:kms");
    const std::string text = canonical_request(request);
    EXPECT_LT(text.find("x-amz-server-side-encryption:"),
              text.find("x-amz-server-side-encryption-aws-kms-key-id:"));
}

TEST(S3Signature, Dates) {
    EXPECT_EQ(amz_date(suite_time), "20150830T123600Z");
    EXPECT_EQ(iso_date(guide_time), "2013-05-24T00:00:00Z");
    EXPECT_EQ(amz_date(Timestamp{-1}), "19691231T235959Z");
}

TEST(S3Signature, Base64OfADigest) {
    EXPECT_EQ(base64(sha256("")), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

}  // namespace
}  // namespace farshore::storage
