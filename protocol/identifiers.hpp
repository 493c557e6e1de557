#pragma once
// Every identifier is a type of its own: nothing converts by itself, no arithmetic that makes no
// sense.

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace farshore {

// A number that is only ever compared, counted up and printed.
template <typename Tag>
class Number {
  public:
    constexpr Number() = default;
    constexpr explicit Number(std::uint64_t value) : value_(value) {}

    [[nodiscard]] constexpr std::uint64_t value() const { return value_; }
    [[nodiscard]] constexpr Number next() const { return Number(value_ + 1); }
    [[nodiscard]] constexpr bool is_zero() const { return value_ == 0; }
    constexpr auto operator<=>(const Number&) const = default;

  private:
    std::uint64_t value_ = 0;
};

using Epoch = Number<struct EpochTag>;        // from 1; a period with one primary
using CutNumber = Number<struct CutTag>;      // from 1 within an epoch; 0: nothing yet
using MarkNumber = Number<struct MarkTag>;    // from 1 within an epoch; 0: nothing yet
using Sequence = Number<struct SequenceTag>;  // of an agent's manifests or receipts, from 1
using Lsn = Number<struct LsnTag>;            // PostgreSQL's position in its log, bytes

// "16/B374D848" as PostgreSQL prints it.
[[nodiscard]] std::string to_string(Lsn lsn);
// Reads that form; an Lsn of 0 is written "0/0". Returns false when the text is not one.
[[nodiscard]] bool parse_lsn(std::string_view text, Lsn& lsn);

// True for [A-Za-z0-9][A-Za-z0-9._-]{0,62}: the names of streams, agents, trees and databases.
[[nodiscard]] bool is_valid_name(std::string_view text);

// A name that has been checked against is_valid_name(). Throws Error(BadName) otherwise.
template <typename Tag>
class Name;

void require_valid_name(std::string_view what, std::string_view text);

template <typename Tag>
class Name {
  public:
    Name() = default;
    explicit Name(std::string text) : text_(std::move(text)) {
        require_valid_name(Tag::what, text_);
    }

    [[nodiscard]] const std::string& str() const { return text_; }
    [[nodiscard]] bool empty() const { return text_.empty(); }
    auto operator<=>(const Name&) const = default;

  private:
    std::string text_;
};

struct StreamNameTag {
    static constexpr std::string_view what = "stream";
};
struct AgentNameTag {
    static constexpr std::string_view what = "agent";
};
struct SourceNameTag {
    static constexpr std::string_view what = "source";
};
using StreamName = Name<StreamNameTag>;
using AgentName = Name<AgentNameTag>;
// A tree and a database share one name space within a stream.
using SourceName = Name<SourceNameTag>;

}  // namespace farshore

template <typename Tag>
struct std::hash<farshore::Name<Tag>> {
    std::size_t operator()(const farshore::Name<Tag>& name) const noexcept {
        return std::hash<std::string>()(name.str());
    }
};
