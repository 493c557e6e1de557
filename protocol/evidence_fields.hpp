#pragma once
// What the payloads of evidence have in common: durations, names that may not be UTF-8, and the way
// a payload is read.

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/digest.hpp"
#include "protocol/error.hpp"
#include "protocol/json.hpp"
#include "protocol/json_members.hpp"
#include "protocol/limits.hpp"
#include "protocol/time.hpp"

namespace farshore {

// --- writing
// Seconds; null for none.
[[nodiscard]] boost::json::value json_seconds(std::optional<Duration> duration);
[[nodiscard]] boost::json::value json_time(std::optional<Timestamp> time);
[[nodiscard]] boost::json::value json_digest(const std::optional<Digest>& digest);
// Text for people: bytes that are not UTF-8 become '?'.
[[nodiscard]] boost::json::value json_text(std::string_view text);
// Envelopes (their texts) as an array of objects.
[[nodiscard]] boost::json::value json_envelopes(const std::vector<std::string>& texts);

// --- reading: each throws Error(malformed)
[[nodiscard]] Duration read_seconds(JsonMembers& members, std::string_view name);
[[nodiscard]] std::optional<Duration> read_seconds_or_null(JsonMembers& members,
                                                           std::string_view name);
// The texts of the envelopes, as json_envelopes was given them.
[[nodiscard]] std::vector<std::string> read_envelopes(JsonMembers& members, std::string_view name);

// Reads a whole payload: `read` gets its members; those that it does not ask for are refused.
template <typename T, typename Read>
[[nodiscard]] Result<T> parse_payload(std::string_view what, std::string_view payload,
                                      const Read& read) {
    const Result<boost::json::value> value = parse_json(payload, limits::evidence_object);
    if (!value) {
        return Error(value.error().code(), std::string(what) + ": " + value.error().message());
    }
    try {
        JsonMembers members(std::string(what), value.value());
        T result = read(members);
        members.finish();
        return result;
    } catch (const Error& error) {
        return error;
    }
}

}  // namespace farshore
