#include "protocol/sequence_values.hpp"

#include "protocol/bytes.hpp"
#include "protocol/error.hpp"

namespace farshore {

std::string encode_sequences(const std::vector<SequenceValue>& values) {
    ByteWriter out;
    for (const SequenceValue& value : values) {
        out.bytes(value.name);
        out.u64(static_cast<std::uint64_t>(value.last)).boolean(value.is_called);
    }
    return out.take();
}

std::vector<SequenceValue> decode_sequences(std::string_view bytes) {
    ByteReader in(bytes);
    std::vector<SequenceValue> values;
    while (in.remaining() > 0) {
        SequenceValue value;
        value.name = in.bytes(sequence_name_bytes);
        value.last = static_cast<std::int64_t>(in.u64());
        value.is_called = in.boolean();
        if (value.name.empty() || (!values.empty() && value.name <= values.back().name)) {
            throw Error(ErrorCode::malformed, "the names of sequences are out of order");
        }
        values.push_back(std::move(value));
    }
    return values;
}

}  // namespace farshore
