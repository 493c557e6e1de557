#include "storage/objects/s3_xml.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace farshore::storage {

namespace {

constexpr std::size_t depth_limit = 16;
constexpr std::size_t element_limit = 20'000;
constexpr std::string_view blanks = " \t\r\n";

bool is_name_character(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == ':';
}

void append_utf8(std::string& out, std::uint32_t code) {
    const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xC0 | (code >> 6U));
        put(0x80 | (code & 0x3FU));
    } else if (code < 0x10000) {
        put(0xE0 | (code >> 12U));
        put(0x80 | ((code >> 6U) & 0x3FU));
        put(0x80 | (code & 0x3FU));
    } else {
        put(0xF0 | (code >> 18U));
        put(0x80 | ((code >> 12U) & 0x3FU));
        put(0x80 | ((code >> 6U) & 0x3FU));
        put(0x80 | (code & 0x3FU));
    }
}

std::optional<std::uint32_t> digit_value(char c, std::uint32_t base) {
    std::uint32_t value = base;
    if (c >= '0' && c <= '9') {
        value = static_cast<std::uint32_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
        value = static_cast<std::uint32_t>(c - 'a') + 10;
    } else if (c >= 'A' && c <= 'F') {
        value = static_cast<std::uint32_t>(c - 'A') + 10;
    }
    return value < base ? std::optional(value) : std::nullopt;
}

// "#233" or "#xE9", without '&' and ';'.
std::optional<std::uint32_t> parse_character_number(std::string_view entity) {
    entity.remove_prefix(1);
    std::uint32_t base = 10;
    if (entity.starts_with('x')) {
        base = 16;
        entity.remove_prefix(1);
    }
    if (entity.empty() || entity.size() > 8) {
        return std::nullopt;
    }
    std::uint32_t code = 0;
    for (const char c : entity) {
        const auto digit = digit_value(c, base);
        if (!digit || code > 0x10FFFF) {
            return std::nullopt;
        }
        code = code * base + *digit;
    }
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    return code == 0 || code > 0x10FFFF || surrogate ? std::nullopt : std::optional(code);
}

// The reader's failures are thrown as Error(malformed) and caught once, in parse_xml().
class XmlReader {
  public:
    explicit XmlReader(std::string_view in) : in_(in) {}

    XmlElement read_document() {
        skip_if("\xEF\xBB\xBF");
        skip_blanks();
        if (in_.starts_with("<?xml")) {
            const std::size_t end = in_.find("?>");
            require(end != std::string_view::npos, "the declaration does not end");
            in_.remove_prefix(end + 2);
        }
        skip_blanks();
        XmlElement root = read_element(1);
        skip_blanks();
        require(in_.empty(), "something follows the document");
        return root;
    }

  private:
    static void require(bool condition, const char* what) {
        if (!condition) {
            throw Error(ErrorCode::malformed, std::string("not XML of S3: ") + what);
        }
    }

    bool skip_if(std::string_view text) {
        if (!in_.starts_with(text)) {
            return false;
        }
        in_.remove_prefix(text.size());
        return true;
    }

    void skip_blanks() {
        const std::size_t count = in_.find_first_not_of(blanks);
        in_.remove_prefix(count == std::string_view::npos ? in_.size() : count);
    }

    std::string_view read_name() {
        std::size_t length = 0;
        while (length < in_.size() && is_name_character(in_[length])) {
            ++length;
        }
        require(length > 0, "a name is missing");
        const std::string_view name = in_.substr(0, length);
        in_.remove_prefix(length);
        return name;
    }

    // Up to and with '>' or '/>'; returns true for the latter.
    bool skip_attributes() {
        while (true) {
            skip_blanks();
            if (skip_if("/>")) {
                return true;
            }
            if (skip_if(">")) {
                return false;
            }
            static_cast<void>(read_name());
            require(skip_if("=") && !in_.empty(), "an attribute has no value");
            const char quote = in_[0];
            require(quote == '"' || quote == '\'', "an attribute is not quoted");
            const std::size_t end = in_.find(quote, 1);
            require(end != std::string_view::npos, "an attribute does not end");
            in_.remove_prefix(end + 1);
        }
    }

    XmlElement read_element(std::size_t depth) {
        require(depth <= depth_limit && ++elements_ <= element_limit, "too deep or too long");
        require(skip_if("<"), "an element is missing");
        const std::string_view name = read_name();
        XmlElement element;
        const std::size_t colon = name.rfind(':');
        element.name = name.substr(colon == std::string_view::npos ? 0 : colon + 1);
        if (skip_attributes()) {
            return element;
        }
        while (!skip_if("</")) {
            require(!in_.empty(), "an element does not end");
            if (in_[0] == '<') {
                element.children.push_back(read_element(depth + 1));
            } else {
                read_text(element.text);
            }
        }
        require(read_name() == name, "an element ends under another name");
        skip_blanks();
        require(skip_if(">"), "an end tag does not end");
        return element;
    }

    void read_text(std::string& out) {
        while (!in_.empty() && in_[0] != '<') {
            if (in_[0] == '&') {
                read_entity(out);
                continue;
            }
            const std::size_t length = std::min(in_.find_first_of("<&"), in_.size());
            out.append(in_.substr(0, length));
            in_.remove_prefix(length);
        }
    }

    void read_entity(std::string& out) {
        const std::size_t end = in_.substr(0, 12).find(';');
        require(end != std::string_view::npos && end > 1, "an entity does not end");
        const std::string_view entity = in_.substr(1, end - 1);
        in_.remove_prefix(end + 1);
        if (entity[0] == '#') {
            const auto code = parse_character_number(entity);
            require(code.has_value(), "an entity is not a character");
            append_utf8(out, *code);
            return;
        }
        const char c = entity == "lt"     ? '<'
                       : entity == "gt"   ? '>'
                       : entity == "amp"  ? '&'
                       : entity == "quot" ? '"'
                       : entity == "apos" ? '\''
                                          : '\0';
        require(c != '\0', "an entity is not known");
        out += c;
    }

    std::string_view in_;
    std::size_t elements_ = 0;
};

// encoding-type=url: %XX, and '+' for a blank.
Result<std::string> decode_url(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i] == '+' ? ' ' : text[i];
            continue;
        }
        const auto high = i + 1 < text.size() ? digit_value(text[i + 1], 16) : std::nullopt;
        const auto low = i + 2 < text.size() ? digit_value(text[i + 2], 16) : std::nullopt;
        if (!high || !low) {
            return Error(ErrorCode::malformed, "a key in the listing is not percent-encoded");
        }
        out += static_cast<char>(*high * 16 + *low);
        i += 2;
    }
    return out;
}

// What both kinds of listing have in common.
struct Listing {
    XmlElement root;
    bool encoded = false;
    bool truncated = false;

    [[nodiscard]] Result<std::string> decode(std::string_view text) const {
        return encoded ? decode_url(text) : Result<std::string>(std::string(text));
    }
    [[nodiscard]] Result<std::string> key_of(const XmlElement& object) const {
        const std::string_view key = object.child_text("Key");
        if (key.empty()) {
            return Error(ErrorCode::malformed, "an object in the listing has no key");
        }
        return decode(key);
    }
};

Result<Listing> parse_listing(std::string_view document, std::string_view name) {
    Result<XmlElement> root = parse_xml(document);
    if (!root) {
        return root.error();
    }
    Listing listing;
    listing.root = std::move(root).take();
    const std::string_view truncated = listing.root.child_text("IsTruncated");
    if (listing.root.name != name || (truncated != "true" && truncated != "false")) {
        return Error(ErrorCode::malformed, "not a listing of S3");
    }
    listing.encoded = listing.root.child_text("EncodingType") == "url";
    listing.truncated = truncated == "true";
    return listing;
}

}  // namespace

std::string_view XmlElement::child_text(std::string_view child) const {
    for (const XmlElement& element : children) {
        if (element.name == child) {
            return element.text;
        }
    }
    return {};
}

Result<XmlElement> parse_xml(std::string_view document) {
    try {
        return XmlReader(document).read_document();
    } catch (const Error& error) {
        return error;
    }
}

Result<S3ErrorBody> parse_s3_error(std::string_view document) {
    Result<XmlElement> root = parse_xml(document);
    if (!root) {
        return root.error();
    }
    const XmlElement& error = root.value();
    S3ErrorBody body;
    body.code = error.child_text("Code");
    body.message = error.child_text("Message");
    body.region = error.child_text("Region");
    if (error.name != "Error" || body.code.empty()) {
        return Error(ErrorCode::malformed, "not an error document of S3");
    }
    return body;
}

Result<S3Page> parse_s3_page(std::string_view document) {
    const Result<Listing> parsed = parse_listing(document, "ListBucketResult");
    if (!parsed) {
        return parsed.error();
    }
    const Listing& listing = parsed.value();
    S3Page page;
    for (const XmlElement& child : listing.root.children) {
        if (child.name != "Contents") {
            continue;
        }
        Result<std::string> key = listing.key_of(child);
        if (!key) {
            return key.error();
        }
        page.keys.push_back(std::move(key).take());
        page.stored.push_back(parse_rfc3339(child.child_text("LastModified")));
    }
    page.next = listing.truncated ? listing.root.child_text("NextContinuationToken") : "";
    if (listing.truncated && page.next.empty()) {
        return Error(ErrorCode::malformed, "a listing goes on, but does not say where");
    }
    return page;
}

Result<S3VersionPage> parse_s3_version_page(std::string_view document) {
    const Result<Listing> parsed = parse_listing(document, "ListVersionsResult");
    if (!parsed) {
        return parsed.error();
    }
    const Listing& listing = parsed.value();
    S3VersionPage page;
    for (const XmlElement& child : listing.root.children) {
        const bool is_deletion = child.name == "DeleteMarker";
        if (child.name != "Version" && !is_deletion) {
            continue;
        }
        Result<std::string> key = listing.key_of(child);
        const std::string_view id = child.child_text("VersionId");
        if (!key || id.empty()) {
            return Error(ErrorCode::malformed, "a version in the listing has no key or no id");
        }
        page.versions.push_back({std::move(key).take(), std::string(id), is_deletion});
    }
    page.goes_on = listing.truncated;
    Result<std::string> next_key = listing.decode(listing.root.child_text("NextKeyMarker"));
    if (!next_key || (page.goes_on && next_key.value().empty())) {
        return Error(ErrorCode::malformed, "a listing goes on, but does not say where");
    }
    page.next_key = std::move(next_key).take();
    page.next_version = listing.root.child_text("NextVersionIdMarker");
    return page;
}

}  // namespace farshore::storage
