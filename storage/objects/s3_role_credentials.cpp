#include "storage/objects/s3_role_credentials.hpp"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>

#include "protocol/json.hpp"
#include "storage/objects/s3_xml.hpp"

namespace farshore::storage {

namespace {

constexpr std::size_t answer_limit_bytes = 64UL * 1024;
constexpr Duration deadline = Duration::from_ms(2'000);  // as the AWS SDKs have it
constexpr Duration sts_deadline = Duration::from_ms(20'000);

std::string one_line(const std::string& text) {
    const std::size_t end = text.find_first_of("\r\n");
    return end == std::string::npos ? text : text.substr(0, end);
}

std::string member(const boost::json::object& object, std::string_view name) {
    const boost::json::value* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                  : std::string();
}

// Whole, and fit for a header.
Result<LentKeys> checked(LentKeys lent, const std::string& expires) {
    const auto is_bad = [](const std::string& text) {
        return std::any_of(text.begin(), text.end(),
                           [](char c) { return c <= ' ' || c == '\x7F'; });
    };
    if (lent.keys.access_key.empty() || lent.keys.secret_key.empty() ||
        is_bad(lent.keys.access_key) || is_bad(lent.keys.secret_key) ||
        is_bad(lent.keys.session_token)) {
        return Error(ErrorCode::store_unavailable, "an answer without whole keys");
    }
    if (!expires.empty()) {
        lent.expires = parse_rfc3339(expires);
        if (!lent.expires) {
            return Error(ErrorCode::store_unavailable, "keys whose expiry is not a time");
        }
    }
    return lent;
}

std::string url_host(std::string_view url) {
    const std::size_t begin = url.find("://");
    if (begin == std::string_view::npos) {
        return "";
    }
    const std::string_view rest = url.substr(begin + 3);
    if (rest.starts_with('[')) {
        return std::string(rest.substr(0, rest.find(']') + 1));
    }
    return std::string(rest.substr(0, rest.find_first_of(":/?")));
}

}  // namespace

bool may_be_asked_plainly(std::string_view url) {
    const std::string host = url_host(url);
    constexpr std::array<std::string_view, 5> known{"169.254.170.2", "169.254.170.23",
                                                    "[fd00:ec2::23]", "[::1]", "localhost"};
    const bool is_loopback = host.starts_with("127.") &&
                             std::all_of(host.begin(), host.end(),
                                         [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
    return is_loopback || std::find(known.begin(), known.end(), host) != known.end();
}

std::string sts_endpoint(const std::string& region) {
    return "https://sts." + region + ".amazonaws.com" + (region.starts_with("cn-") ? ".cn" : "");
}

Result<LentKeys> parse_lent_json(std::string_view text) {
    const Result<boost::json::value> value = parse_json(text, answer_limit_bytes);
    if (!value || !value.value().is_object()) {
        return Error(ErrorCode::store_unavailable, "an answer that is not JSON");
    }
    const boost::json::object& object = value.value().get_object();
    const std::string code = member(object, "Code");
    if (!code.empty() && code != "Success") {
        return Error(ErrorCode::store_unavailable, "\"" + one_line(code).substr(0, 100) + "\"");
    }
    return checked({{member(object, "AccessKeyId"), member(object, "SecretAccessKey"),
                     member(object, "Token")},
                    std::nullopt},
                   member(object, "Expiration"));
}

Result<LentKeys> parse_lent_xml(std::string_view text) {
    const Result<XmlElement> root = parse_xml(text);
    if (!root) {
        return Error(ErrorCode::store_unavailable, "an answer that is not XML");
    }
    for (const XmlElement& result : root.value().children) {
        for (const XmlElement& keys : result.children) {
            if (keys.name == "Credentials") {
                return checked({{std::string(keys.child_text("AccessKeyId")),
                                 std::string(keys.child_text("SecretAccessKey")),
                                 std::string(keys.child_text("SessionToken"))},
                                std::nullopt},
                               std::string(keys.child_text("Expiration")));
            }
        }
    }
    return Error(ErrorCode::store_unavailable, "an answer without credentials");
}

Result<std::string> RoleCredentials::ask(const std::string& who, HttpRequest request) {
    request.answer_limit_bytes = answer_limit_bytes;
    Result<HttpAnswer> answer = http_.perform(request);
    if (!answer) {
        return Error(answer.error().code(), who + ": " + answer.error().message());
    }
    if (answer.value().status != 200) {
        // An answer is not quoted: it may hold what was sent.
        return Error(ErrorCode::store_unavailable,
                     who + ": it answers " + std::to_string(answer.value().status));
    }
    return std::move(answer).take().body;
}

std::optional<Result<LentKeys>> RoleCredentials::from_web_identity() {
    const auto file = variable_("AWS_WEB_IDENTITY_TOKEN_FILE");
    const auto role = variable_("AWS_ROLE_ARN");
    if (!file || !role) {
        return std::nullopt;
    }
    const std::string region =
        variable_("AWS_REGION").value_or(variable_("AWS_DEFAULT_REGION").value_or("us-east-1"));
    const std::string endpoint = variable_("AWS_ENDPOINT_URL_STS").value_or(sts_endpoint(region));
    HttpRequest request;
    request.method = "GET";
    request.deadline = sts_deadline;
    // The token is read anew each time: whoever put it there replaces it before it expires.
    request.url =
        endpoint + "/?" +
        encode_query({{"Action", "AssumeRoleWithWebIdentity"},
                      {"RoleArn", *role},
                      {"RoleSessionName", variable_("AWS_ROLE_SESSION_NAME").value_or("farshore")},
                      {"Version", "2011-06-15"},
                      {"WebIdentityToken", one_line(read_file_(*file))}});
    const Result<std::string> answer = ask("STS at " + endpoint, std::move(request));
    return answer ? parse_lent_xml(answer.value()) : Result<LentKeys>(answer.error());
}

std::optional<Result<LentKeys>> RoleCredentials::from_container() {
    const auto relative = variable_("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const auto full = variable_("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if (!relative && !full) {
        return std::nullopt;
    }
    HttpRequest request;
    request.method = "GET";
    request.deadline = deadline;
    request.direct = true;
    request.url = relative ? "http://169.254.170.2" + *relative : *full;
    if (!request.url.starts_with("https://") && !may_be_asked_plainly(request.url)) {
        return Error(ErrorCode::store_refused,
                     "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor of this host");
    }
    auto token = variable_("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    if (const auto file = variable_("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
        token = one_line(read_file_(*file));
    }
    if (token) {
        request.headers.emplace_back("authorization", *token);
    }
    const Result<std::string> answer = ask("the container's credentials", std::move(request));
    return answer ? parse_lent_json(answer.value()) : Result<LentKeys>(answer.error());
}

std::optional<Result<LentKeys>> RoleCredentials::from_instance() {
    if (variable_("AWS_EC2_METADATA_DISABLED").value_or("") == "true") {
        return std::nullopt;
    }
    const bool is_ipv6 = variable_("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE").value_or("") == "IPv6";
    std::string base = variable_("AWS_EC2_METADATA_SERVICE_ENDPOINT")
                           .value_or(is_ipv6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254");
    if (base.ends_with('/')) {
        base.pop_back();
    }
    return ask_instance(base);
}

Result<LentKeys> RoleCredentials::ask_instance(const std::string& base) {
    const std::string who = "the instance's metadata";
    const auto request = [&](std::string method, const std::string& path) {
        HttpRequest made;
        made.method = std::move(method);
        made.url = base + path;
        made.deadline = deadline;
        made.direct = true;
        return made;
    };
    HttpRequest begin = request("PUT", "/latest/api/token");
    begin.headers.emplace_back("x-aws-ec2-metadata-token-ttl-seconds", "21600");
    const Result<std::string> token = ask(who, std::move(begin));
    if (!token) {
        return token.error();
    }
    const std::string roles = "/latest/meta-data/iam/security-credentials/";
    HttpRequest which = request("GET", roles);
    which.headers.emplace_back("x-aws-ec2-metadata-token", one_line(token.value()));
    const Result<std::string> role = ask(who, which);
    if (!role) {
        return role.error();
    }
    HttpRequest keys = request("GET", roles + encode_uri_path(one_line(role.value())));
    keys.headers = which.headers;
    const Result<std::string> answer = ask(who, std::move(keys));
    return answer ? parse_lent_json(answer.value()) : Result<LentKeys>(answer.error());
}

}  // namespace farshore::storage
