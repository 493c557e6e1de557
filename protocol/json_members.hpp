#pragma once
// Strict reading of one JSON object's members.

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/digest.hpp"
#include "protocol/time.hpp"

namespace farshore {

// Each member is asked for once. A call throws Error(malformed) naming the object and the member
// when the member is missing or of another type; finish() throws when there is one that nobody
// asked for.
class JsonMembers {
  public:
    // `what` names the object in messages: "mark", "receipt". `value` must outlive this.
    JsonMembers(std::string what, const boost::json::value& value);

    [[nodiscard]] const boost::json::value& any(std::string_view name);
    // nullptr when there is no such member.
    [[nodiscard]] const boost::json::value* if_there(std::string_view name);
    [[nodiscard]] std::string string(std::string_view name);
    [[nodiscard]] bool boolean(std::string_view name);
    // A number up to greatest_json_integer, or a decimal string above it; nothing else.
    [[nodiscard]] std::uint64_t integer(std::string_view name);
    [[nodiscard]] double number(std::string_view name);
    [[nodiscard]] std::optional<double> number_or_null(std::string_view name);
    [[nodiscard]] Digest digest(std::string_view name);  // "sha256:…"
    [[nodiscard]] std::optional<Digest> digest_or_null(std::string_view name);
    [[nodiscard]] Timestamp time(std::string_view name);  // in the form of to_rfc3339
    [[nodiscard]] std::optional<Timestamp> time_or_null(std::string_view name);
    [[nodiscard]] const boost::json::array& array(std::string_view name);
    [[nodiscard]] const boost::json::object& object(std::string_view name);
    // A Name type of identifiers.hpp.
    template <typename NameType>
    [[nodiscard]] NameType name(std::string_view member) {
        return NameType(checked_name(member));
    }
    // Throws unless every member was asked for.
    void finish() const;

    // "mark: member as_of is not a time".
    [[noreturn]] void fail(std::string_view name, std::string_view why) const;

  private:
    [[nodiscard]] std::string checked_name(std::string_view member);

    std::string what_;
    const boost::json::object* object_ = nullptr;
    std::vector<std::string_view> asked_;  // of the members that were there
};

// An integer as json_integer writes it; nullopt for everything else.
[[nodiscard]] std::optional<std::uint64_t> read_json_integer(const boost::json::value& value);

}  // namespace farshore
