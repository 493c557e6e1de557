#include "storage/objects/s3_protection.hpp"

#include <algorithm>

namespace farshore::storage {

namespace {

constexpr std::int64_t day_ns = 86'400LL * 1'000'000'000;
constexpr std::int64_t longest_days = 36'525;  // S3's own limit is 100 years

Error bad_lock(std::string_view text) {
    return {ErrorCode::bad_config, "store object_lock \"" + std::string(text) +
                                       "\": not governance:Nd, governance:Ny, compliance:Nd or "
                                       "compliance:Ny with at most 100 years"};
}

// "30d" or "7y"; 0 when it is neither.
std::int64_t parse_days(std::string_view text) {
    if (text.size() < 2 || text.size() > 6) {
        return 0;
    }
    std::int64_t number = 0;
    for (const char c : text.substr(0, text.size() - 1)) {
        if (c < '0' || c > '9') {
            return 0;
        }
        number = number * 10 + (c - '0');
    }
    if (text.back() == 'y') {
        return (number * 1461 + 3) / 4;
    }
    return text.back() == 'd' ? number : 0;
}

}  // namespace

Result<std::optional<ObjectLock>> parse_object_lock(std::string_view text) {
    if (text.empty()) {
        return std::optional<ObjectLock>();
    }
    const std::size_t colon = text.find(':');
    const std::string_view mode = text.substr(0, colon);
    if (colon == std::string_view::npos || (mode != "governance" && mode != "compliance")) {
        return bad_lock(text);
    }
    const std::int64_t days = parse_days(text.substr(colon + 1));
    if (days <= 0 || days > longest_days) {
        return bad_lock(text);
    }
    return std::optional(ObjectLock{mode == "governance" ? "GOVERNANCE" : "COMPLIANCE", days});
}

Result<std::optional<Encryption>> parse_encryption(std::string_view text) {
    constexpr std::string_view kms = "aws:kms";
    if (text.empty()) {
        return std::optional<Encryption>();
    }
    if (text == "AES256" || text == kms) {
        return std::optional(Encryption{std::string(text), ""});
    }
    const std::string_view key =
        text.starts_with("aws:kms:") ? text.substr(kms.size() + 1) : std::string_view();
    const bool printable =
        std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < '\x7F'; });
    if (key.empty() || key.size() > 2048 || !printable) {
        return Error(ErrorCode::bad_config, "store encryption \"" + std::string(text) +
                                                "\": not AES256, aws:kms or aws:kms:KEY-ARN");
    }
    return std::optional(Encryption{std::string(kms), std::string(key)});
}

NameValues protection_headers(const S3Protection& protection, Timestamp now) {
    NameValues headers;
    if (protection.lock) {
        headers.emplace_back("x-amz-object-lock-mode", protection.lock->mode);
        headers.emplace_back("x-amz-object-lock-retain-until-date",
                             iso_date(now + Duration{protection.lock->days * day_ns}));
    }
    if (protection.encryption) {
        headers.emplace_back("x-amz-server-side-encryption", protection.encryption->algorithm);
        if (!protection.encryption->key.empty()) {
            headers.emplace_back("x-amz-server-side-encryption-aws-kms-key-id",
                                 protection.encryption->key);
        }
    }
    return headers;
}

}  // namespace farshore::storage
