#pragma once
// From the configured names to URLs: which host a bucket is asked at, and under which path.

#include <string>
#include <string_view>

#include "protocol/error.hpp"

namespace farshore::storage {

struct S3Place {
    std::string bucket;
    std::string prefix;  // without slashes at its ends; may be empty
};

// "s3://BUCKET" or "s3://BUCKET/PREFIX". Error value: bad_config.
[[nodiscard]] Result<S3Place> parse_s3_url(std::string_view url);

struct S3Address {
    std::string origin;     // "https://bucket.s3.eu-west-1.amazonaws.com"
    std::string host;       // as the Host header has it: the port only when it is not the default
    std::string base_path;  // before the key: "", or "/bucket" in path style; encoded
};

// endpoint: empty for AWS, else "http[s]://HOST[:PORT][/PATH]". The bucket goes into the path when
// path_style is set, and also where it can't go into the host: an endpoint that is an IP address,
// and a bucket with dots under https (no certificate covers it). Error value: bad_config.
[[nodiscard]] Result<S3Address> make_s3_address(const std::string& bucket,
                                                const std::string& region,
                                                const std::string& endpoint, bool path_style);

}  // namespace farshore::storage
