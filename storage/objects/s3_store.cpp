#include "storage/objects/s3_store.hpp"

#include <algorithm>

#include "storage/objects/s3_signature.hpp"

namespace farshore::storage {

namespace {

// Up to this size a written object is read back whole; beyond it the server's own checksum will do
// where it gives one.
constexpr std::size_t whole_read_back_bytes = 8UL * 1024 * 1024;
constexpr std::size_t error_limit_bytes = 64UL * 1024;
// 1000 keys of 1024 bytes, each byte as %XX, and what surrounds them.
constexpr std::size_t page_limit_bytes = 8UL * 1024 * 1024;
// A line that is slower than this can't be used for evidence.
constexpr std::int64_t slowest_bytes_per_ms = 128;
constexpr std::int64_t shortest_deadline_ms = 30'000;

constexpr std::string_view probe_key = "farshore-check";

Duration deadline_for(std::size_t bytes) {
    return Duration::from_ms(shortest_deadline_ms +
                             static_cast<std::int64_t>(bytes) / slowest_bytes_per_ms);
}

// Every success of S3 that is about an object bears its tag; what comes without is from something
// in between.
bool has_tag(const HttpAnswer& answer) {
    return !answer.header("etag").empty();
}

// Of a bucket that keeps versions; "null" is what one without calls its only one.
std::string version_of(const HttpAnswer& answer) {
    const std::string version(answer.header("x-amz-version-id"));
    return version == "null" ? "" : version;
}

// Finds what lies over the oldest version of each key.
class VersionOrder {
  public:
    explicit VersionOrder(std::size_t root) : root_(root) {}

    // In the server's order: by key, the newest of each first.
    void add(const S3Version& version) {
        if (version.key != key_) {
            end_key();
            key_ = version.key;
        }
        if (!version.is_deletion) {
            flush_last();
            last_ = version.id;
            has_object_ = true;
        } else {
            over_.push_back({key_.substr(std::min(root_, key_.size())),
                             "a delete marker, " + version.id, true});
        }
    }

    [[nodiscard]] std::vector<Overlaid> finish() {
        end_key();
        return std::move(over_);
    }

  private:
    // An older one came: what was held for the oldest is not.
    void flush_last() {
        if (has_object_) {
            over_.push_back(
                {key_.substr(std::min(root_, key_.size())), "a newer version, " + last_, true});
        }
    }

    void end_key() {
        for (std::size_t i = first_of_key_; i < over_.size(); ++i) {
            over_[i].has_object = has_object_;
        }
        first_of_key_ = over_.size();
        has_object_ = false;
    }

    std::size_t root_;  // bytes of the prefix before the store's keys
    std::string key_;
    // The oldest version so far. (Not an optional: GCC 12 takes its string for uninitialised.)
    std::string last_;
    bool has_object_ = false;
    std::size_t first_of_key_ = 0;
    std::vector<Overlaid> over_;
};

}  // namespace

struct S3Store::Request {
    std::string method;
    std::string key;  // of the bucket; empty: the bucket itself
    NameValues query;
    NameValues headers;
    std::string_view body;
    Digest body_digest;
    std::size_t answer_limit_bytes = 0;
};

S3Store::S3Store(S3Settings settings, S3Credentials credentials, Clock& clock)
    : settings_(std::move(settings)),
      credentials_(std::move(credentials)),
      clock_(clock),
      http_(settings_.ca) {}

std::string S3Store::name() const {
    const S3Place& place = settings_.place;
    return "s3://" + place.bucket + (place.prefix.empty() ? "" : "/" + place.prefix);
}

std::string S3Store::full_key(const std::string& key) const {
    const std::string& prefix = settings_.place.prefix;
    return prefix.empty() ? key : prefix + "/" + key;
}

S3Question S3Store::question(std::string deed, const std::string& key) const {
    return {std::move(deed), name() + (key.empty() ? "" : "/" + key), settings_.region,
            clock_.utc_now()};
}

HttpRequest S3Store::sign(const S3Keys& keys, const Request& request) const {
    const S3Address& address = settings_.address;
    const Timestamp now = clock_.utc_now();
    S3Canonical canonical;
    canonical.method = request.method;
    canonical.path = address.base_path + "/" + encode_uri_path(request.key);
    canonical.query = encode_query(request.query);
    canonical.payload_sha256 = request.body_digest.hex();
    canonical.headers = request.headers;
    canonical.headers.emplace_back("host", address.host);
    canonical.headers.emplace_back("x-amz-content-sha256", canonical.payload_sha256);
    canonical.headers.emplace_back("x-amz-date", amz_date(now));
    if (!keys.session_token.empty()) {
        canonical.headers.emplace_back("x-amz-security-token", keys.session_token);
    }
    HttpRequest http;
    http.method = request.method;
    http.url =
        address.origin + canonical.path + (canonical.query.empty() ? "" : "?" + canonical.query);
    http.headers = canonical.headers;
    http.headers.emplace_back("authorization",
                              authorization(canonical, keys, {settings_.region, "s3"}, now));
    http.body = request.body;
    http.answer_limit_bytes = request.answer_limit_bytes;
    http.deadline = deadline_for(request.body.size() + request.answer_limit_bytes);
    return http;
}

Result<HttpAnswer> S3Store::ask(const S3Keys& keys, const Request& request) {
    Result<HttpAnswer> answer = http_.perform(sign(keys, request));
    // Keys that end in mid-flight: the caller says it again, and gets new ones.
    const bool may_have_ended =
        answer && (answer.value().status == 400 || answer.value().status == 403);
    if (may_have_ended && answer.value().body.find("ExpiredToken") != std::string::npos) {
        credentials_.forget();
    }
    return answer;
}

Result<HttpAnswer> S3Store::get_version(const S3Keys& keys, const std::string& key,
                                        const std::string& version, std::size_t limit_bytes) {
    const S3Question asked = question("read", key);
    Request request{"GET", full_key(key), {}, {}, {}, sha256(""), 0};
    if (!version.empty()) {
        request.query.emplace_back("versionId", version);
    }
    // Room for the text of an error, also where the object may only be small.
    request.answer_limit_bytes = std::max(limit_bytes, error_limit_bytes);
    Result<HttpAnswer> result = ask(keys, request);
    if (!result) {
        return s3_unreachable(asked, result.error());
    }
    return result;
}

Status S3Store::next_versions(const S3Keys& keys, const S3Question& asked,
                              const std::string& prefix, S3VersionPage& page) {
    Request request{"GET", "", {}, {}, {}, sha256(""), page_limit_bytes};
    request.query = {{"versions", ""}, {"encoding-type", "url"}, {"prefix", prefix}};
    if (page.goes_on) {
        request.query.emplace_back("key-marker", page.next_key);
        request.query.emplace_back("version-id-marker", page.next_version);
    }
    const Result<HttpAnswer> answer = ask(keys, request);
    if (!answer) {
        return s3_unreachable(asked, answer.error());
    }
    if (answer.value().status != 200) {
        return s3_error(asked, answer.value());
    }
    Result<S3VersionPage> parsed = parse_s3_version_page(answer.value().body);
    if (!parsed) {
        return s3_nonsense(asked, parsed.error().message());
    }
    const bool stands = parsed.value().goes_on && parsed.value().next_key == page.next_key &&
                        parsed.value().next_version == page.next_version;
    if (stands) {
        return s3_nonsense(asked, "a listing that does not go on");
    }
    page = std::move(parsed).take();
    for (const S3Version& version : page.versions) {
        keeps_versions_ = keeps_versions_ || (!version.id.empty() && version.id != "null");
    }
    return Unit{};
}

// The id of the version that was created first; empty when there is none.
Result<std::string> S3Store::oldest_version(const S3Keys& keys, const std::string& key) {
    const S3Question asked = question("list the versions of", key);
    const std::string wanted = full_key(key);
    std::string oldest;
    S3VersionPage page;
    do {
        const Status got = next_versions(keys, asked, wanted, page);
        if (!got) {
            return got.error();
        }
        for (const S3Version& version : page.versions) {
            if (version.key == wanted && !version.is_deletion) {
                oldest = version.id;
            }
        }
        // Of all keys with this prefix ours is the first.
    } while (page.goes_on && page.next_key == wanted);
    return oldest;
}

Result<std::string> S3Store::read(const S3Keys& keys, const std::string& key,
                                  std::size_t limit_bytes, bool doubt_404) {
    const S3Question asked = question("read", key);
    Result<HttpAnswer> result = get_version(keys, key, "", limit_bytes);
    if (!result) {
        return result.error();
    }
    const std::string current = version_of(result.value());
    keeps_versions_ = keeps_versions_ || !current.empty();
    const bool deleted = result.value().header("x-amz-delete-marker") == "true" ||
                         (doubt_404 && keeps_versions_ && result.value().status == 404);
    if (deleted || (result.value().status == 200 && !current.empty())) {
        const Result<std::string> oldest = oldest_version(keys, key);
        if (!oldest) {
            return oldest.error();
        }
        if (!oldest.value().empty() && (deleted || oldest.value() != current)) {
            result = get_version(keys, key, oldest.value(), limit_bytes);
        }
        if (!result) {
            return result.error();
        }
    }
    HttpAnswer answer = std::move(result).take();
    if (answer.status != 200) {
        return s3_error(asked, answer);
    }
    if (!has_tag(answer)) {
        return s3_nonsense(asked, "an object without an ETag");
    }
    if (answer.cut_off || answer.body.size() > limit_bytes) {
        return Error(ErrorCode::too_large,
                     asked.object + " has more than " + std::to_string(limit_bytes) + " bytes");
    }
    return std::move(answer.body);
}

Result<S3Store::Found> S3Store::compare(const S3Keys& keys, const std::string& key,
                                        std::string_view bytes) {
    const Result<std::string> stored = read(keys, key, bytes.size(), false);
    if (stored) {
        return Found(stored.value() == bytes ? PutOutcome::same : PutOutcome::different);
    }
    switch (stored.error().code()) {
        case ErrorCode::too_large:
            return Found(PutOutcome::different);
        case ErrorCode::not_found:
            return Found();
        default:
            return stored.error();
    }
}

Result<S3Store::Found> S3Store::compare_by_checksum(const S3Keys& keys, const std::string& key,
                                                    std::string_view bytes) {
    const S3Question asked = question("read back", key);
    const Request request{"HEAD", full_key(key), {}, {{"x-amz-checksum-mode", "ENABLED"}},
                          {},     sha256(""),    0};
    const Result<HttpAnswer> result = ask(keys, request);
    if (!result) {
        return s3_unreachable(asked, result.error());
    }
    const HttpAnswer& answer = result.value();
    const std::string_view checksum = answer.header("x-amz-checksum-sha256");
    if (answer.status != 200 || !has_tag(answer) || checksum.empty() ||
        !version_of(answer).empty()) {
        return compare(keys, key, bytes);
    }
    const bool same = checksum == base64(sha256(bytes)) &&
                      answer.header("content-length") == std::to_string(bytes.size());
    return Found(same ? PutOutcome::same : PutOutcome::different);
}

Result<HttpAnswer> S3Store::put(const S3Keys& keys, const std::string& key,
                                std::string_view bytes) {
    const Digest digest = sha256(bytes);
    Request request{"PUT", full_key(key), {}, {}, bytes, digest, error_limit_bytes};
    request.headers = protection_headers(settings_.protection, clock_.utc_now());
    request.headers.emplace_back("content-type", "application/octet-stream");
    request.headers.emplace_back("if-none-match", "*");
    request.headers.emplace_back("x-amz-checksum-sha256", base64(digest));
    return ask(keys, request);
}

// After a PUT that succeeded: what is there now?
ObjectStore::PutOutcome S3Store::confirm(const S3Keys& keys, const std::string& key,
                                         std::string_view bytes) {
    const Found found =
        (bytes.size() <= whole_read_back_bytes ? compare(keys, key, bytes)
                                               : compare_by_checksum(keys, key, bytes))
            .take();
    if (!found) {
        throw s3_nonsense(question("create", key), "it was accepted, but is not there");
    }
    return *found == PutOutcome::same ? PutOutcome::created : *found;
}

// After a PUT of which nobody knows what it did.
ObjectStore::PutOutcome S3Store::settle(const S3Keys& keys, const std::string& key,
                                        std::string_view bytes, const Error& failure) {
    const Result<Found> found = compare(keys, key, bytes);
    if (!found && found.error().code() == ErrorCode::cancelled) {
        throw found.error();
    }
    if (found && found.value()) {
        return *found.value();
    }
    if (failure.code() == ErrorCode::precondition_failed) {
        throw Error(ErrorCode::store_unavailable, failure.message());  // taken, but not there
    }
    throw failure;
}

ObjectStore::PutOutcome S3Store::create(const std::string& key, std::string_view bytes) {
    require_valid_object_key(key);
    const S3Keys keys = credentials_.load();
    const Found before = compare(keys, key, bytes).take();
    if (before) {
        return *before;
    }
    const S3Question asked = question("create", key);
    const Result<HttpAnswer> result = put(keys, key, bytes);
    if (!result) {
        const Error failure = s3_unreachable(asked, result.error());
        return settle(keys, key, bytes, failure);
    }
    const HttpAnswer& answer = result.value();
    if (answer.status == 200) {
        return confirm(keys, key, bytes);
    }
    const Error failure = s3_error(asked, answer);
    if (failure.code() == ErrorCode::store_refused || failure.code() == ErrorCode::not_found) {
        throw failure;
    }
    return settle(keys, key, bytes, failure);
}

Result<std::string> S3Store::get(const std::string& key, std::size_t limit_bytes) {
    require_valid_object_key(key);
    Result<std::string> result = read(credentials_.load(), key, limit_bytes, true);
    const bool branched = result || result.error().code() == ErrorCode::not_found ||
                          result.error().code() == ErrorCode::too_large;
    if (!branched) {
        throw Error(result.error());
    }
    return result;
}

S3Page S3Store::list_page(const S3Keys& keys, const std::string& prefix, const std::string& token) {
    const S3Question asked = question("list", prefix);
    Request request{"GET", "", {}, {}, {}, sha256(""), page_limit_bytes};
    request.query = {
        {"list-type", "2"}, {"encoding-type", "url"}, {"prefix", full_key("") + prefix}};
    if (!token.empty()) {
        request.query.emplace_back("continuation-token", token);
    }
    const Result<HttpAnswer> answer = ask(keys, request);
    if (!answer) {
        throw s3_unreachable(asked, answer.error());
    }
    if (answer.value().status != 200) {
        throw s3_error(asked, answer.value());
    }
    Result<S3Page> page = parse_s3_page(answer.value().body);
    if (!page) {
        throw s3_nonsense(asked, page.error().message());
    }
    if (!token.empty() && page.value().next == token) {
        throw s3_nonsense(asked, "a listing that does not go on");
    }
    return std::move(page).take();
}

std::vector<std::string> S3Store::list(const std::string& prefix) {
    std::vector<std::string> keys;
    for (StoredObject& object : list_stored(prefix)) {
        keys.push_back(std::move(object.key));
    }
    return keys;
}

std::vector<StoredObject> S3Store::list_stored(const std::string& prefix) {
    const S3Keys keys = credentials_.load();
    const std::string root = full_key("");
    std::vector<StoredObject> found;
    std::string token;
    do {
        S3Page page = list_page(keys, prefix, token);
        for (std::size_t i = 0; i < page.keys.size(); ++i) {
            const std::string& key = page.keys[i];
            if (!key.starts_with(root + prefix)) {
                throw s3_nonsense(question("list", prefix), "a key that was not asked for");
            }
            found.push_back({key.substr(root.size()), page.stored[i]});
        }
        token = std::move(page.next);
    } while (!token.empty());
    std::sort(found.begin(), found.end(),
              [](const StoredObject& a, const StoredObject& b) { return a.key < b.key; });
    return found;
}

std::vector<Overlaid> S3Store::list_overlaid(const std::string& prefix) {
    const S3Keys keys = credentials_.load();
    const S3Question asked = question("list the versions below", prefix);
    VersionOrder order(full_key("").size());
    S3VersionPage page;
    do {
        const Status got = next_versions(keys, asked, full_key("") + prefix, page);
        if (!got) {
            const bool without_versions = got.error().action() != Action::retry && !keeps_versions_;
            if (without_versions) {
                return {};
            }
            throw got.error();
        }
        for (const S3Version& version : page.versions) {
            order.add(version);
        }
    } while (page.goes_on);
    return order.finish();
}

void S3Store::check() {
    const S3Keys keys = credentials_.load();
    static_cast<void>(list_page(keys, "", ""));
    check_write(keys);
}

void S3Store::check_write(const S3Keys& keys) {
    constexpr std::string_view sent = "1";
    const std::string key(probe_key);
    Request request{"PUT", full_key(key), {}, {}, sent, sha256("2"), error_limit_bytes};
    request.headers = protection_headers(settings_.protection, clock_.utc_now());
    request.headers.emplace_back("if-none-match", "*");
    request.headers.emplace_back("x-amz-checksum-sha256", base64(sha256(sent)));
    const S3Question asked = question("write below", "");
    const Result<HttpAnswer> answer = ask(keys, request);
    if (!answer) {
        throw s3_unreachable(asked, answer.error());
    }
    if (answer.value().status < 300) {
        throw Error(ErrorCode::store_refused,
                    "cannot use " + name() +
                        ": the server keeps bytes that don't fit their signature, it is not S3");
    }
    const Result<S3ErrorBody> body = parse_s3_error(answer.value().body);
    const bool refused_the_bytes =
        body && (body.value().code == "XAmzContentSHA256Mismatch" ||
                 body.value().code == "BadDigest" || body.value().code == "PreconditionFailed");
    if (!refused_the_bytes) {
        throw s3_error(asked, answer.value());
    }
}

}  // namespace farshore::storage
