#pragma once
// The fields that messages are made of, each written and read in one way (WIRE.md, "Fields").
// Readers throw Error(malformed), like ByteReader itself.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/bytes.hpp"
#include "protocol/digest.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/limits.hpp"
#include "protocol/time.hpp"

namespace farshore::wire {

constexpr std::size_t name_bytes = 63;
// The least that a name takes: its length and one letter.
constexpr std::size_t name_min_bytes = 5;

// A name's text, checked; throws Error(malformed) where Name itself would say bad_name.
[[nodiscard]] std::string read_name(ByteReader& in);

template <typename Tag>
[[nodiscard]] Name<Tag> read_name(ByteReader& in) {
    return Name<Tag>(read_name(in));
}
template <typename Tag>
void write(ByteWriter& out, const Name<Tag>& name) {
    out.bytes(name.str());
}

template <typename Tag>
[[nodiscard]] Number<Tag> read_number(ByteReader& in) {
    return Number<Tag>(in.u64());
}
template <typename Tag>
void write(ByteWriter& out, Number<Tag> number) {
    out.u64(number.value());
}

void write(ByteWriter& out, const Digest& digest);
[[nodiscard]] Digest read_digest(ByteReader& in);

inline void write(ByteWriter& out, BootTime time) {
    out.i64(time.nanoseconds);
}
[[nodiscard]] inline BootTime read_boot_time(ByteReader& in) {
    return {in.i64()};
}

// 16 bytes: a session's id, a boot's id.
constexpr std::size_t id_bytes = 16;
void write_id(ByteWriter& out, std::string_view id);
[[nodiscard]] std::string read_id(ByteReader& in);

// Text for people: what is over the limit is cut off by the writer.
void write_text(ByteWriter& out, std::string_view text);
[[nodiscard]] std::string read_text(ByteReader& in);

// A count of at most `limit` items of at least `item_bytes` each.
[[nodiscard]] std::uint32_t read_count(ByteReader& in, std::size_t item_bytes, std::size_t limit);

// Throws Error(malformed) unless the keys of a map ascend: a map has one form only.
void require_ascending(bool ascending);

template <typename Value, typename WriteValue>
void write_map(ByteWriter& out, const std::map<SourceName, Value>& map, WriteValue write_value) {
    out.u32(static_cast<std::uint32_t>(map.size()));
    for (const auto& [name, value] : map) {
        write(out, name);
        write_value(value);
    }
}

template <typename Value, typename ReadValue>
[[nodiscard]] std::map<SourceName, Value> read_map(ByteReader& in, std::size_t value_bytes,
                                                   ReadValue read_value) {
    std::map<SourceName, Value> map;
    const std::uint32_t count = read_count(in, name_min_bytes + value_bytes, limits::sources);
    for (std::uint32_t i = 0; i < count; ++i) {
        auto name = read_name<SourceNameTag>(in);
        require_ascending(map.empty() || map.rbegin()->first < name);
        map.emplace_hint(map.end(), std::move(name), read_value());
    }
    return map;
}

void write_names(ByteWriter& out, const std::vector<SourceName>& names);
[[nodiscard]] std::vector<SourceName> read_names(ByteReader& in);

}  // namespace farshore::wire
