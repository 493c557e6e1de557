#include "protocol/message_content.hpp"

#include "protocol/file_entry.hpp"
#include "protocol/wire_fields.hpp"

namespace farshore {

void ContentWhole::encode(ByteWriter& out) const {
    FARSHORE_ASSERT(content.size() <= limits::small_file);
    wire::write(out, tree);
    wire::write(out, sha256);
    out.bytes(content);
}

ContentWhole ContentWhole::decode(ByteReader& in) {
    ContentWhole message;
    message.tree = wire::read_name<SourceNameTag>(in);
    message.sha256 = wire::read_digest(in);
    message.content = in.bytes(limits::small_file);
    return message;
}

void ContentBegin::encode(ByteWriter& out) const {
    out.u64(transfer);
    wire::write(out, tree);
    out.bytes(path);
    out.u64(expected_size);
    out.u64(prefix);
    wire::write(out, base);
}

ContentBegin ContentBegin::decode(ByteReader& in) {
    ContentBegin message;
    message.transfer = in.u64();
    message.tree = wire::read_name<SourceNameTag>(in);
    message.path = read_safe_path(in);
    message.expected_size = in.u64();
    message.prefix = in.u64();
    message.base = wire::read_digest(in);
    return message;
}

void ContentData::encode(ByteWriter& out) const {
    FARSHORE_ASSERT(!content.empty() && content.size() <= limits::payload_piece);
    out.u64(transfer);
    out.bytes(content);
}

ContentData ContentData::decode(ByteReader& in) {
    ContentData message;
    message.transfer = in.u64();
    message.content = in.bytes(limits::payload_piece);
    if (message.content.empty()) {
        throw Error(ErrorCode::malformed, "a piece of content is empty");
    }
    return message;
}

void ContentEnd::encode(ByteWriter& out) const {
    out.u64(transfer);
    out.u64(size);
    wire::write(out, sha256);
}

ContentEnd ContentEnd::decode(ByteReader& in) {
    ContentEnd message;
    message.transfer = in.u64();
    message.size = in.u64();
    message.sha256 = wire::read_digest(in);
    return message;
}

void ContentAbort::encode(ByteWriter& out) const {
    out.u64(transfer);
}

ContentAbort ContentAbort::decode(ByteReader& in) {
    return {in.u64()};
}

}  // namespace farshore
