#pragma once
// The values of a database's sequences, as a cut tells them (WIRE.md, "A cut").

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace farshore {

struct SequenceValue {
    std::string name;  // schema and name as SQL: "public.t_id_seq"
    std::int64_t last = 0;
    bool is_called = false;  // the next one is behind `last`, else `last` itself

    bool operator==(const SequenceValue&) const = default;
};

// What the values of one sequence take, at most.
constexpr std::size_t sequence_name_bytes = 1100;

[[nodiscard]] std::string encode_sequences(const std::vector<SequenceValue>& values);
// Throws Error(malformed).
[[nodiscard]] std::vector<SequenceValue> decode_sequences(std::string_view bytes);

}  // namespace farshore
