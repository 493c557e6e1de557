#pragma once
// The documents that we read from S3: an error, a listing of keys, one of versions. A small strict
// scanner: elements, text, the five named and the numeric entities, attributes are passed over; no
// DOCTYPE, no CDATA, no comments, bounded in depth and number. Anything else is malformed, never
// guessed at.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"
#include "protocol/time.hpp"

namespace farshore::storage {

struct XmlElement {
    std::string name;  // without a namespace prefix
    std::string text;  // of this element itself, entities resolved
    std::vector<XmlElement> children;

    // The text of the first child of that name; empty when there is none.
    [[nodiscard]] std::string_view child_text(std::string_view child) const;
};

[[nodiscard]] Result<XmlElement> parse_xml(std::string_view document);

// <Error>: what the service says.
struct S3ErrorBody {
    std::string code;     // "NoSuchKey"
    std::string message;  // for people
    std::string region;   // of AuthorizationHeaderMalformed and redirects; else empty
};
[[nodiscard]] Result<S3ErrorBody> parse_s3_error(std::string_view document);

// <ListBucketResult>: one page of a listing.
struct S3Page {
    std::vector<std::string> keys;
    std::vector<std::optional<Timestamp>> stored;  // of each key, when the server says it
    std::string next;                              // the continuation token; empty on the last page
};
[[nodiscard]] Result<S3Page> parse_s3_page(std::string_view document);

// <ListVersionsResult>: versions in the server's order, the newest of a key first.
struct S3Version {
    std::string key;
    std::string id;
    bool is_deletion = false;  // a delete marker
};
struct S3VersionPage {
    std::vector<S3Version> versions;
    bool goes_on = false;
    std::string next_key;  // with next_version where the next page begins
    std::string next_version;
};
[[nodiscard]] Result<S3VersionPage> parse_s3_version_page(std::string_view document);

}  // namespace farshore::storage
