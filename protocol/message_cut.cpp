#include "protocol/message_cut.hpp"

#include "protocol/sequence_values.hpp"
#include "protocol/wire_fields.hpp"

namespace farshore {

namespace {

// A FileEntry takes at least its path's length, type and mark.
constexpr std::size_t entry_min_bytes = 12;
constexpr std::size_t wanted_min_bytes = wire::name_min_bytes + 4 + 32 + 8 + 1;

void write_counts(ByteWriter& out, const LaneCounts& counts) {
    FARSHORE_ASSERT(counts.size() <= limits::bulk_lanes);
    out.u32(static_cast<std::uint32_t>(counts.size()));
    for (const std::uint64_t count : counts) {
        out.u64(count);
    }
}

LaneCounts read_counts(ByteReader& in) {
    LaneCounts counts(wire::read_count(in, sizeof(std::uint64_t), limits::bulk_lanes));
    for (std::uint64_t& count : counts) {
        count = in.u64();
    }
    return counts;
}

WantedContent read_wanted(ByteReader& in) {
    WantedContent item;
    item.tree = wire::read_name<SourceNameTag>(in);
    item.path = read_safe_path(in);
    item.sha256 = wire::read_digest(in);
    item.size = in.u64();
    item.by_recipe = in.boolean();
    return item;
}

}  // namespace

void CutBegin::encode(ByteWriter& out) const {
    wire::write(out, cut);
    wire::write(out, base);
    wire::write_map(out, databases, [&out](Lsn lsn) { wire::write(out, lsn); });
    wire::write_map(out, as_of, [&out](BootTime time) { wire::write(out, time); });
    wire::write_id(out, identity);
    wire::write_map(out, sequences, [&out](const std::string& values) { out.bytes(values); });
    out.boolean(taken.has_value());
    if (taken) {
        wire::write(out, *taken);
    }
}

CutBegin CutBegin::decode(ByteReader& in) {
    CutBegin message;
    message.cut = wire::read_number<CutTag>(in);
    message.base = wire::read_number<CutTag>(in);
    if (message.cut <= message.base) {
        throw Error(ErrorCode::malformed, "a cut does not come after its base");
    }
    message.databases = wire::read_map<Lsn>(in, 8, [&in] { return wire::read_number<LsnTag>(in); });
    message.as_of = wire::read_map<BootTime>(in, 8, [&in] { return wire::read_boot_time(in); });
    message.identity = wire::read_id(in);
    message.sequences = wire::read_map<std::string>(in, 4, [&in] {
        std::string values(in.bytes(limits::frame_body));
        (void)decode_sequences(values);
        return values;
    });
    if (in.boolean()) {
        message.taken = wire::read_boot_time(in);
    }
    return message;
}

void CutEntries::encode(ByteWriter& out) const {
    wire::write(out, tree);
    out.u32(static_cast<std::uint32_t>(entries.size()));
    for (const FileEntry& entry : entries) {
        farshore::encode(entry, out);
    }
}

CutEntries CutEntries::decode(ByteReader& in) {
    CutEntries message;
    message.tree = wire::read_name<SourceNameTag>(in);
    const std::uint32_t count = in.count(entry_min_bytes);
    for (std::uint32_t i = 0; i < count; ++i) {
        message.entries.push_back(decode_file_entry(in));
    }
    return message;
}

void CutMark::encode(ByteWriter& out) const {
    out.bytes(envelope);
}

CutMark CutMark::decode(ByteReader& in) {
    return {std::string(in.bytes(limits::mark_envelope))};
}

void CutEnd::encode(ByteWriter& out) const {
    wire::write(out, cut);
    write_counts(out, sent);
    out.boolean(is_mark);
}

CutEnd CutEnd::decode(ByteReader& in) {
    CutEnd message;
    message.cut = wire::read_number<CutTag>(in);
    message.sent = read_counts(in);
    message.is_mark = in.boolean();
    return message;
}

void ContentWanted::encode(ByteWriter& out) const {
    wire::write(out, cut);
    out.boolean(last);
    out.u32(static_cast<std::uint32_t>(items.size()));
    for (const WantedContent& item : items) {
        wire::write(out, item.tree);
        out.bytes(item.path);
        wire::write(out, item.sha256);
        out.u64(item.size);
        out.boolean(item.by_recipe);
    }
}

ContentWanted ContentWanted::decode(ByteReader& in) {
    ContentWanted message;
    message.cut = wire::read_number<CutTag>(in);
    message.last = in.boolean();
    const std::uint32_t count = wire::read_count(in, wanted_min_bytes, limits::wanted_items);
    message.items.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        message.items.push_back(read_wanted(in));
    }
    return message;
}

void ContentSent::encode(ByteWriter& out) const {
    wire::write(out, cut);
    write_counts(out, sent);
    out.u64(missing);
}

ContentSent ContentSent::decode(ByteReader& in) {
    ContentSent message;
    message.cut = wire::read_number<CutTag>(in);
    message.sent = read_counts(in);
    message.missing = in.u64();
    return message;
}

void Received::encode(ByteWriter& out) const {
    wire::write(out, cut);
}

Received Received::decode(ByteReader& in) {
    return {wire::read_number<CutTag>(in)};
}

void Applied::encode(ByteWriter& out) const {
    wire::write(out, cut);
    wire::write_map(out, trees, [&out](const Digest& digest) { wire::write(out, digest); });
}

Applied Applied::decode(ByteReader& in) {
    Applied message;
    message.cut = wire::read_number<CutTag>(in);
    message.trees = wire::read_map<Digest>(in, 32, [&in] { return wire::read_digest(in); });
    return message;
}

}  // namespace farshore
