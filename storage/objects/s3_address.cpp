#include "storage/objects/s3_address.hpp"

#include <algorithm>
#include <optional>

#include "storage/objects/object_store.hpp"
#include "storage/objects/s3_signature.hpp"

namespace farshore::storage {

namespace {

constexpr std::string_view s3_scheme = "s3://";

Error bad(std::string message) {
    return {ErrorCode::bad_config, std::move(message)};
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_bucket(std::string_view name) {
    const auto allowed = [](char c) {
        return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '_';
    };
    return name.size() >= 3 && name.size() <= 63 &&
           std::all_of(name.begin(), name.end(), allowed) &&
           (is_letter(name.front()) || is_digit(name.front())) &&
           (is_letter(name.back()) || is_digit(name.back())) &&
           name.find("..") == std::string_view::npos;
}

bool is_region(std::string_view region) {
    return !region.empty() && region.size() <= 64 &&
           std::all_of(region.begin(), region.end(),
                       [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; });
}

std::string_view strip_slashes(std::string_view text) {
    while (text.starts_with('/')) {
        text.remove_prefix(1);
    }
    while (text.ends_with('/')) {
        text.remove_suffix(1);
    }
    return text;
}

struct Endpoint {
    bool https = true;
    std::string host;  // lower case; an IPv6 address in brackets
    std::string port;  // empty for the scheme's own
    std::string path;  // without a slash at its end

    [[nodiscard]] std::string scheme() const { return https ? "https://" : "http://"; }
    [[nodiscard]] bool is_address() const {
        return host.starts_with('[') || std::all_of(host.begin(), host.end(),
                                                    [](char c) { return is_digit(c) || c == '.'; });
    }
};

bool is_host(std::string_view host) {
    if (host.starts_with('[')) {
        return host.size() > 3 && host.ends_with(']') &&
               host.find_first_not_of("0123456789abcdefABCDEF:.", 1) == host.size() - 1;
    }
    return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
        return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '_';
    });
}

bool is_port(std::string_view port) {
    return !port.empty() && port.size() <= 5 && std::all_of(port.begin(), port.end(), is_digit);
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return out;
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
    Endpoint endpoint;
    if (text.starts_with("http://")) {
        endpoint.https = false;
        text.remove_prefix(7);
    } else if (text.starts_with("https://")) {
        text.remove_prefix(8);
    } else {
        return std::nullopt;
    }
    const std::size_t slash = text.find('/');
    std::string_view authority = text.substr(0, slash);
    if (slash != std::string_view::npos) {
        const std::string_view path = strip_slashes(text.substr(slash));
        endpoint.path = path.empty() ? "" : "/" + std::string(path);
    }
    const std::size_t colon = authority.rfind(':');
    if (colon != std::string_view::npos && !authority.ends_with(']')) {
        endpoint.port = authority.substr(colon + 1);
        authority = authority.substr(0, colon);
        if (!is_port(endpoint.port)) {
            return std::nullopt;
        }
    }
    if (endpoint.port == (endpoint.https ? "443" : "80")) {
        endpoint.port.clear();
    }
    endpoint.host = lower(authority);
    const bool plain = encode_uri_path(endpoint.path) == endpoint.path;
    return is_host(endpoint.host) && plain ? std::optional(endpoint) : std::nullopt;
}

Endpoint amazon_endpoint(const std::string& region) {
    Endpoint endpoint;
    endpoint.host = "s3." + lower(region) + ".amazonaws.com";
    if (region.starts_with("cn-")) {
        endpoint.host += ".cn";
    }
    return endpoint;
}

}  // namespace

Result<S3Place> parse_s3_url(std::string_view url) {
    if (!url.starts_with(s3_scheme)) {
        return bad("store url \"" + std::string(url) + "\": not s3://BUCKET/PREFIX");
    }
    url.remove_prefix(s3_scheme.size());
    const std::size_t slash = url.find('/');
    S3Place place;
    place.bucket = url.substr(0, slash);
    if (slash != std::string_view::npos) {
        place.prefix = strip_slashes(url.substr(slash));
    }
    if (!is_bucket(place.bucket)) {
        return bad("store url: \"" + place.bucket + "\" is not the name of a bucket");
    }
    if (!place.prefix.empty() && !is_valid_object_key(place.prefix)) {
        return bad("store url: \"" + place.prefix + "\" is not a prefix of keys");
    }
    return place;
}

Result<S3Address> make_s3_address(const std::string& bucket, const std::string& region,
                                  const std::string& endpoint, bool path_style) {
    if (!is_region(region)) {
        return bad("store region \"" + region + "\" is not the name of a region");
    }
    const std::optional<Endpoint> base =
        endpoint.empty() ? amazon_endpoint(region) : parse_endpoint(endpoint);
    if (!base) {
        return bad("store endpoint \"" + endpoint + "\": not http[s]://HOST[:PORT][/PATH]");
    }
    const bool dotted = bucket.find('.') != std::string::npos;
    const bool in_path = path_style || base->is_address() || (base->https && dotted);
    S3Address address;
    address.host = (in_path ? "" : lower(bucket) + ".") + base->host;
    if (!base->port.empty()) {
        address.host += ":" + base->port;
    }
    address.origin = base->scheme() + address.host;
    address.base_path = base->path + (in_path ? "/" + bucket : "");
    return address;
}

}  // namespace farshore::storage
