#include "protocol/message_pack.hpp"

#include "protocol/wire_fields.hpp"

namespace farshore {

void ContentPack::encode(ByteWriter& out) const {
    FARSHORE_ASSERT(!contents.empty() && contents.size() <= limits::pack_contents);
    wire::write(out, tree);
    out.u32(static_cast<std::uint32_t>(contents.size()));
    for (const Content& content : contents) {
        wire::write(out, content.sha256);
        out.bytes(content.bytes);
    }
}

ContentPack ContentPack::decode(ByteReader& in) {
    ContentPack message;
    message.tree = wire::read_name<SourceNameTag>(in);
    const std::uint32_t count = in.u32();
    if (count == 0 || count > limits::pack_contents) {
        throw Error(ErrorCode::malformed, "a pack holds nothing, or too many contents");
    }
    std::size_t room = limits::pack_bytes;
    for (std::uint32_t i = 0; i < count; ++i) {
        Content content;
        content.sha256 = wire::read_digest(in);
        content.bytes = in.bytes(room);
        room -= content.bytes.size();
        message.contents.push_back(std::move(content));
    }
    return message;
}

}  // namespace farshore
