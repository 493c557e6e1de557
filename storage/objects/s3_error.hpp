#pragma once
// What an answer of S3 means to the caller. store_unavailable: the same again, later.
// store_refused: somebody has to act. precondition_failed: the key is taken. not_found: there is no
// such object, and the service itself says so.

#include <string>

#include "protocol/error.hpp"
#include "protocol/time.hpp"
#include "storage/objects/http_client.hpp"

namespace farshore::storage {

// What was asked, for the message.
struct S3Question {
    std::string deed;    // "create", "read", "list"
    std::string object;  // "s3://bucket/prefix/key"
    std::string region;  // signed for
    Timestamp signed_at;
};

// No answer, or not from S3: an answer to a request that should have succeeded or failed in S3's
// own form but did neither.
[[nodiscard]] Error s3_unreachable(const S3Question& question, const Error& cause);
[[nodiscard]] Error s3_nonsense(const S3Question& question, const std::string& what);

// An answer that is not a success.
[[nodiscard]] Error s3_error(const S3Question& question, const HttpAnswer& answer);

}  // namespace farshore::storage
