#include "protocol/wire_fields.hpp"

#include <algorithm>

namespace farshore::wire {

std::string read_name(ByteReader& in) {
    const std::string_view text = in.bytes(name_bytes);
    if (!is_valid_name(text)) {
        throw Error(ErrorCode::malformed, "a name is not one");
    }
    return std::string(text);
}

void write(ByteWriter& out, const Digest& digest) {
    out.raw({reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()});
}

Digest read_digest(ByteReader& in) {
    Digest digest;
    const std::string_view raw = in.raw(digest.bytes.size());
    std::transform(raw.begin(), raw.end(), digest.bytes.begin(),
                   [](char c) { return static_cast<std::uint8_t>(c); });
    return digest;
}

void write_id(ByteWriter& out, std::string_view id) {
    FARSHORE_ASSERT(id.size() == id_bytes);
    out.raw(id);
}

std::string read_id(ByteReader& in) {
    return std::string(in.raw(id_bytes));
}

void write_text(ByteWriter& out, std::string_view text) {
    out.bytes(text.substr(0, limits::text));
}

std::string read_text(ByteReader& in) {
    return std::string(in.bytes(limits::text));
}

std::uint32_t read_count(ByteReader& in, std::size_t item_bytes, std::size_t limit) {
    const std::uint32_t count = in.count(item_bytes);
    if (count > limit) {
        throw Error(ErrorCode::malformed, "a count of " + std::to_string(count) +
                                              " is over its limit of " + std::to_string(limit));
    }
    return count;
}

void require_ascending(bool ascending) {
    if (!ascending) {
        throw Error(ErrorCode::malformed, "the keys of a map don't ascend");
    }
}

void write_names(ByteWriter& out, const std::vector<SourceName>& names) {
    out.u32(static_cast<std::uint32_t>(names.size()));
    for (const SourceName& name : names) {
        write(out, name);
    }
}

std::vector<SourceName> read_names(ByteReader& in) {
    std::vector<SourceName> names;
    const std::uint32_t count = read_count(in, name_min_bytes, limits::sources);
    names.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        names.push_back(read_name<SourceNameTag>(in));
    }
    return names;
}

}  // namespace farshore::wire
