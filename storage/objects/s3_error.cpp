#include "storage/objects/s3_error.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <ctime>

#include "storage/objects/s3_xml.hpp"

namespace farshore::storage {

namespace {

constexpr std::size_t message_limit_bytes = 1024;

std::string cannot(const S3Question& question) {
    return "cannot " + question.deed + " " + question.object + ": ";
}

// A 4xx that passes by itself.
bool passes(std::string_view code) {
    constexpr std::array passing{
        std::string_view("RequestTimeout"),
        std::string_view("ExpiredToken"),
        std::string_view("SlowDown"),
        std::string_view("Throttling"),
        std::string_view("ThrottlingException"),
        std::string_view("RequestLimitExceeded"),
        std::string_view("OperationAborted"),
        std::string_view("BadDigest"),
        std::string_view("XAmzContentSHA256Mismatch"),
        std::string_view("IncompleteBody"),
        std::string_view("ConditionalRequestConflict"),
        std::string_view("InternalError"),
        std::string_view("ServiceUnavailable"),
        std::string_view("KMS.ThrottlingException"),
    };
    return std::find(passing.begin(), passing.end(), code) != passing.end();
}

bool is_redirect(const HttpAnswer& answer, const S3ErrorBody& body) {
    return (answer.status >= 300 && answer.status < 400) ||
           body.code == "AuthorizationHeaderMalformed" ||
           body.code == "IllegalLocationConstraintException";
}

// Which region the bucket is in, as far as the answer says so.
std::string region_of(const HttpAnswer& answer, const S3ErrorBody& body) {
    const std::string header(answer.header("x-amz-bucket-region"));
    return header.empty() ? body.region : header;
}

// A redirect within the right region is a new bucket whose name has not got round yet.
Error redirect_error(const S3Question& question, const HttpAnswer& answer, const S3ErrorBody& body,
                     std::string text) {
    const std::string region = region_of(answer, body);
    if (answer.status == 307 && (region.empty() || region == question.region)) {
        return {ErrorCode::store_unavailable, std::move(text)};
    }
    if (!region.empty() && region != question.region) {
        text += "; the bucket is in region " + region + ", the config says " + question.region;
    }
    return {ErrorCode::store_refused, std::move(text)};
}

std::string skew_text(const S3Question& question, const HttpAnswer& answer) {
    const std::string date(answer.header("date"));
    const std::time_t server = date.empty() ? -1 : curl_getdate(date.c_str(), nullptr);
    if (server < 0) {
        return "";
    }
    const auto signed_at = std::chrono::nanoseconds(question.signed_at.nanoseconds);
    const std::int64_t behind =
        server - std::chrono::floor<std::chrono::seconds>(signed_at).count();
    return "; this host's clock is " + std::to_string(behind < 0 ? -behind : behind) + " s " +
           (behind < 0 ? "ahead of" : "behind") + " the server's";
}

// The body in S3's form, or with an empty code when it is not (HEAD, a proxy).
S3ErrorBody body_of(const HttpAnswer& answer) {
    Result<S3ErrorBody> body = parse_s3_error(answer.body);
    return body ? std::move(body).take() : S3ErrorBody();
}

std::string describe(const S3Question& question, const HttpAnswer& answer,
                     const S3ErrorBody& body) {
    std::string text = cannot(question) + "the server answers " + std::to_string(answer.status);
    if (!body.code.empty()) {
        text += " " + body.code + ": " + body.message.substr(0, message_limit_bytes);
    }
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c >= 0 && c < ' '; }, ' ');
    return text;
}

}  // namespace

Error s3_unreachable(const S3Question& question, const Error& cause) {
    return {cause.code(), cannot(question) + cause.message()};
}

Error s3_nonsense(const S3Question& question, const std::string& what) {
    return {ErrorCode::store_unavailable, cannot(question) + "not an answer of S3: " + what};
}

Error s3_error(const S3Question& question, const HttpAnswer& answer) {
    const S3ErrorBody body = body_of(answer);
    std::string text = describe(question, answer, body);
    if (is_redirect(answer, body)) {
        return redirect_error(question, answer, body, std::move(text));
    }
    if (body.code == "RequestTimeTooSkewed") {
        return {ErrorCode::store_refused, text + skew_text(question, answer)};
    }
    if (answer.status == 501) {
        return {ErrorCode::store_refused,
                text + "; farshore needs a store that can create under a condition"};
    }
    if (answer.status == 404) {
        // Only the service itself may say that an object is not there, not a proxy before it.
        return {body.code == "NoSuchKey" ? ErrorCode::not_found
                : body.code.empty()      ? ErrorCode::store_unavailable
                                         : ErrorCode::store_refused,
                std::move(text)};
    }
    if (answer.status == 412) {
        return {ErrorCode::precondition_failed, std::move(text)};
    }
    const bool passing = answer.status >= 500 || answer.status == 408 || answer.status == 409 ||
                         answer.status == 429 || answer.status < 300 || passes(body.code);
    return {passing ? ErrorCode::store_unavailable : ErrorCode::store_refused, std::move(text)};
}

}  // namespace farshore::storage
