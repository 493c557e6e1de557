#pragma once
// What is asked of S3 for each object that is written: how long nobody may delete it, and how it is
// encrypted.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/error.hpp"
#include "protocol/time.hpp"
#include "storage/objects/s3_signature.hpp"

namespace farshore::storage {

// Object Lock: until `days` after the writing, no version may be deleted (compliance), or only by
// who has the right to bypass it (governance).
struct ObjectLock {
    std::string mode;  // "GOVERNANCE" or "COMPLIANCE"
    std::int64_t days = 0;

    bool operator==(const ObjectLock&) const = default;
};

struct Encryption {
    std::string algorithm;  // "AES256" or "aws:kms"
    std::string key;        // of aws:kms; empty for the account's own

    bool operator==(const Encryption&) const = default;
};

struct S3Protection {
    std::optional<ObjectLock> lock;
    std::optional<Encryption> encryption;
};

// "", "governance:30d", "compliance:7y". A year counts 365.25 days, rounded up: a record is never
// let go before its anniversary. Error value: bad_config.
[[nodiscard]] Result<std::optional<ObjectLock>> parse_object_lock(std::string_view text);

// "", "AES256", "aws:kms", "aws:kms:KEY-ARN". Error value: bad_config.
[[nodiscard]] Result<std::optional<Encryption>> parse_encryption(std::string_view text);

// The headers of a PUT that say so.
[[nodiscard]] NameValues protection_headers(const S3Protection& protection, Timestamp now);

}  // namespace farshore::storage
