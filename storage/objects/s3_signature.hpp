#pragma once
// AWS Signature Version 4 for requests whose body is known: pure text in, text out.
//
// Paths and queries are signed in exactly the bytes that go out, so both are encoded here, in the
// one canonical form: everything but A-Z a-z 0-9 - . _ ~ as %XX with upper-case digits, the query
// sorted.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/digest.hpp"
#include "protocol/time.hpp"

namespace farshore::storage {

// What a caller signs with. session_token is empty for permanent keys.
struct S3Keys {
    std::string access_key;
    std::string secret_key;
    std::string session_token;

    bool operator==(const S3Keys&) const = default;
};

using NameValues = std::vector<std::pair<std::string, std::string>>;

// A request as it will be sent. Header names in lower case; `host` must be among the headers.
struct S3Canonical {
    std::string method;
    std::string path;   // from encode_uri_path()
    std::string query;  // from encode_query()
    NameValues headers;
    std::string payload_sha256;  // 64 hex digits
};

struct S3Scope {
    std::string region;
    std::string service = "s3";
};

[[nodiscard]] std::string encode_uri_path(std::string_view raw);       // keeps '/'
[[nodiscard]] std::string encode_uri_component(std::string_view raw);  // encodes '/'
// Sorts by encoded name and value; "name=" for an empty value.
[[nodiscard]] std::string encode_query(const NameValues& raw);

// "20150830T123600Z"
[[nodiscard]] std::string amz_date(Timestamp time);
// "2015-08-30T12:36:00Z", for x-amz-object-lock-retain-until-date.
[[nodiscard]] std::string iso_date(Timestamp time);

[[nodiscard]] std::string base64(const Digest& digest);

[[nodiscard]] std::string canonical_request(const S3Canonical& request);
[[nodiscard]] std::string string_to_sign(const S3Canonical& request, const S3Scope& scope,
                                         Timestamp time);
// The value of the header "authorization". All headers of the request are signed.
[[nodiscard]] std::string authorization(const S3Canonical& request, const S3Keys& keys,
                                        const S3Scope& scope, Timestamp time);

}  // namespace farshore::storage
