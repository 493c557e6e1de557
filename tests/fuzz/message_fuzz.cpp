// The first byte says which message the rest is: it decodes to what encodes to the same bytes, or
// is refused by an Error.
#include <cstdint>
#include <string>

#include "protocol/message_content.hpp"
#include "protocol/message_cut.hpp"
#include "protocol/message_database.hpp"
#include "protocol/message_pack.hpp"
#include "protocol/message_recipe.hpp"
#include "protocol/message_session.hpp"

namespace {

using namespace farshore;

template <typename M>
bool try_as(const Frame& frame) {
    if (frame.kind != M::kind) {
        return false;
    }
    try {
        const M message = from_frame<M>(frame);
        ByteWriter out;
        message.encode(out);
        // Numbers of a newer build are kept as "unsupported", so codes may differ.
        FARSHORE_ASSERT(out.size() == frame.body.size());
    } catch (const Error&) {
        return true;
    }
    return true;
}

template <typename... Messages>
void try_all(const Frame& frame) {
    (try_as<Messages>(frame) || ...);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size > limits::frame_body) {
        return 0;
    }
    const Frame frame{static_cast<MessageKind>(data[0]),
                      std::string(reinterpret_cast<const char*>(data) + 1, size - 1)};
    try_all<Hello, Welcome, Refusal, Goodbye, Ping, Pong, EvidenceObject, PeerState, Request, Reply,
            CutBegin, CutEntries, CutMark, CutEnd, ContentWanted, ContentSent, Received, Applied,
            ContentWhole, ContentBegin, ContentData, ContentEnd, ContentAbort, ContentPack,
            RecipeBegin, RecipeChunks, RecipeEnd, PiecesWanted, PiecePatch, DatabaseChanges,
            DatabasePosition, CopyBegin, CopySchema, CopyTable, CopyData, CopyTableEnd, CopyEnd,
            CopyResult, CopyStanding, CopyNeeded, DatabaseTimeline>(frame);
    return 0;
}
