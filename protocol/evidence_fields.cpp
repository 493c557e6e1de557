#include "protocol/evidence_fields.hpp"

#include <boost/json/array.hpp>
#include <cmath>

namespace farshore {

namespace {

constexpr double nanoseconds_per_second = 1e9;
// What 64 bits of nanoseconds hold. Beyond 48 days a double no longer tells each of them apart.
constexpr double greatest_nanoseconds = 9.2e18;

}  // namespace

boost::json::value json_seconds(std::optional<Duration> duration) {
    if (!duration) {
        return nullptr;
    }
    // A division, because it gives the double that is nearest: 0.0011, not 0.0011000000000000001.
    return static_cast<double>(duration->nanoseconds) / nanoseconds_per_second;
}

boost::json::value json_time(std::optional<Timestamp> time) {
    return time ? boost::json::value(to_rfc3339(*time)) : boost::json::value(nullptr);
}

boost::json::value json_digest(const std::optional<Digest>& digest) {
    return digest ? boost::json::value(digest->prefixed()) : boost::json::value(nullptr);
}

boost::json::value json_text(std::string_view text) {
    std::string clean(text);
    if (!is_valid_utf8(text)) {
        for (char& c : clean) {
            c = static_cast<unsigned char>(c) < 0x80 ? c : '?';
        }
    }
    return boost::json::value(clean);
}

boost::json::value json_envelopes(const std::vector<std::string>& texts) {
    boost::json::array array;
    for (const std::string& text : texts) {
        Result<boost::json::value> value = parse_json(text, limits::mark_envelope);
        FARSHORE_ASSERT(value.ok());  // it was opened or sealed here
        array.push_back(std::move(value).take());
    }
    return array;
}

Duration read_seconds(JsonMembers& members, std::string_view name) {
    const std::optional<Duration> duration = read_seconds_or_null(members, name);
    if (!duration) {
        members.fail(name, "is null");
    }
    return *duration;
}

std::optional<Duration> read_seconds_or_null(JsonMembers& members, std::string_view name) {
    const std::optional<double> seconds = members.number_or_null(name);
    if (!seconds) {
        return std::nullopt;
    }
    const double nanoseconds = std::round(*seconds * nanoseconds_per_second);
    if (std::fabs(nanoseconds) > greatest_nanoseconds) {
        members.fail(name, "is over the limit of a duration");
    }
    return Duration{static_cast<std::int64_t>(nanoseconds)};
}

std::vector<std::string> read_envelopes(JsonMembers& members, std::string_view name) {
    std::vector<std::string> texts;
    for (const boost::json::value& value : members.array(name)) {
        std::string text = to_canonical_json(value);
        if (text.size() > limits::mark_envelope) {
            members.fail(name, "holds an envelope over its limit");
        }
        texts.push_back(std::move(text));
    }
    return texts;
}

}  // namespace farshore
