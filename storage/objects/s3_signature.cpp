#include "storage/objects/s3_signature.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>

#include "protocol/error.hpp"

namespace farshore::storage {

namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

bool is_unreserved(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

std::string percent_encode(std::string_view raw, bool keep_slash) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    out.reserve(raw.size());
    for (const char c : raw) {
        if (is_unreserved(c) || (keep_slash && c == '/')) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += digits[byte >> 4U];
        out += digits[byte & 15U];
    }
    return out;
}

// One value as the canonical request has it: no blanks around it, single ones within.
std::string trim_header(std::string_view value) {
    std::string out;
    for (const char c : value) {
        const bool blank = c == ' ' || c == '\t';
        if (blank && (out.empty() || out.back() == ' ')) {
            continue;
        }
        out += blank ? ' ' : c;
    }
    if (!out.empty() && out.back() == ' ') {
        out.pop_back();
    }
    return out;
}

NameValues sorted_headers(const S3Canonical& request) {
    NameValues headers = request.headers;
    std::stable_sort(headers.begin(), headers.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    return headers;
}

std::string signed_names(const S3Canonical& request) {
    std::string names;
    for (const auto& [name, value] : sorted_headers(request)) {
        names += names.empty() ? "" : ";";
        names += name;
    }
    return names;
}

std::string hmac(std::string_view key, std::string_view data) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned int length = 0;
    const auto* bytes = reinterpret_cast<const unsigned char*>(data.data());
    if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes, data.size(), out.data(),
             &length) == nullptr) {
        throw Error(ErrorCode::internal, "cannot sign a request: HMAC failed");
    }
    return {reinterpret_cast<const char*>(out.data()), length};
}

std::string to_hex(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out += digits[byte >> 4U];
        out += digits[byte & 15U];
    }
    return out;
}

std::string format_utc(Timestamp time, const char* format) {
    const std::time_t seconds =
        std::chrono::floor<std::chrono::seconds>(std::chrono::nanoseconds(time.nanoseconds))
            .count();
    std::tm parts{};
    if (gmtime_r(&seconds, &parts) == nullptr) {
        throw Error(ErrorCode::internal, "cannot write a time as a date");
    }
    std::array<char, 32> text{};
    const std::size_t length = std::strftime(text.data(), text.size(), format, &parts);
    return {text.data(), length};
}

std::string scope_text(const S3Scope& scope, Timestamp time) {
    return amz_date(time).substr(0, 8) + "/" + scope.region + "/" + scope.service + "/aws4_request";
}

}  // namespace

std::string encode_uri_path(std::string_view raw) {
    return percent_encode(raw, true);
}

std::string encode_uri_component(std::string_view raw) {
    return percent_encode(raw, false);
}

std::string encode_query(const NameValues& raw) {
    NameValues encoded;
    for (const auto& [name, value] : raw) {
        encoded.emplace_back(encode_uri_component(name), encode_uri_component(value));
    }
    std::sort(encoded.begin(), encoded.end());
    std::string out;
    for (const auto& [name, value] : encoded) {
        out.append(out.empty() ? "" : "&").append(name).append("=").append(value);
    }
    return out;
}

std::string amz_date(Timestamp time) {
    return format_utc(time, "%Y%m%dT%H%M%SZ");
}

std::string iso_date(Timestamp time) {
    return format_utc(time, "%Y-%m-%dT%H:%M:%SZ");
}

std::string base64(const Digest& digest) {
    std::array<unsigned char, 48> out{};
    const int length =
        EVP_EncodeBlock(out.data(), digest.bytes.data(), static_cast<int>(digest.bytes.size()));
    return {reinterpret_cast<const char*>(out.data()), static_cast<std::size_t>(length)};
}

std::string canonical_request(const S3Canonical& request) {
    std::string out = request.method + "\n" + request.path + "\n" + request.query + "\n";
    for (const auto& [name, value] : sorted_headers(request)) {
        out += name + ":" + trim_header(value) + "\n";
    }
    return out + "\n" + signed_names(request) + "\n" + request.payload_sha256;
}

std::string string_to_sign(const S3Canonical& request, const S3Scope& scope, Timestamp time) {
    return std::string(algorithm) + "\n" + amz_date(time) + "\n" + scope_text(scope, time) + "\n" +
           sha256(canonical_request(request)).hex();
}

std::string authorization(const S3Canonical& request, const S3Keys& keys, const S3Scope& scope,
                          Timestamp time) {
    const std::string date_key = hmac("AWS4" + keys.secret_key, amz_date(time).substr(0, 8));
    const std::string region_key = hmac(date_key, scope.region);
    const std::string service_key = hmac(region_key, scope.service);
    const std::string signing_key = hmac(service_key, "aws4_request");
    const std::string signature = to_hex(hmac(signing_key, string_to_sign(request, scope, time)));
    return std::string(algorithm) + " Credential=" + keys.access_key + "/" +
           scope_text(scope, time) + ", SignedHeaders=" + signed_names(request) +
           ", Signature=" + signature;
}

}  // namespace farshore::storage
