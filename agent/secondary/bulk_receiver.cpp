#include "agent/secondary/bulk_receiver.hpp"

#include <algorithm>
#include <span>

#include "agent/runtime/sleeper.hpp"
#include "protocol/limits.hpp"
#include "storage/disk/tree_paths.hpp"

namespace farshore::secondary {

namespace {

constexpr Duration read_turn = Duration::from_ms(200);
constexpr Duration room_turn = Duration::from_ms(1'000);
// Large files under way at once on one lane; the primary has a handful of threads for them.
constexpr std::size_t most_transfers = 64;

}  // namespace

BulkReceiver::BulkReceiver(const Trees& trees, FaultBoard& faults, storage::FileSystem& files,
                           std::function<void(std::uint64_t)> processed)
    : trees_(trees), faults_(faults), files_(files), processed_(std::move(processed)) {}

void BulkReceiver::run(connection::Lane& lane, const runtime::StopToken& stop) {
    while (!stop.stop_requested()) {
        if (const std::optional<Frame> frame = lane.receive(read_turn)) {
            take(*frame, lane, stop);
        }
    }
}

void BulkReceiver::take(const Frame& frame, connection::Lane& lane,
                        const runtime::StopToken& stop) {
    switch (frame.kind) {
        case MessageKind::content_whole:
            take_whole(from_frame<ContentWhole>(frame), stop);
            break;
        case MessageKind::content_pack:
            take_pack(from_frame<ContentPack>(frame), stop);
            break;
        case MessageKind::content_begin:
            take_begin(from_frame<ContentBegin>(frame), stop);
            break;
        case MessageKind::content_data:
            take_data(from_frame<ContentData>(frame), stop);
            break;
        case MessageKind::content_end:
            take_end(from_frame<ContentEnd>(frame), stop);
            break;
        case MessageKind::content_abort:
            transfers_.erase(from_frame<ContentAbort>(frame).transfer);
            count();
            break;
        case MessageKind::recipe_begin:
            take_recipe(from_frame<RecipeBegin>(frame), lane, stop);
            break;
        case MessageKind::recipe_chunks: {
            auto message = from_frame<RecipeChunks>(frame);
            Assembly& receiving = assembly(message.transfer);
            receiving.take(std::move(message));
            break;
        }
        case MessageKind::recipe_end: {
            const auto message = from_frame<RecipeEnd>(frame);
            assembly(message.transfer).take(message);
            break;
        }
        case MessageKind::piece_patch: {
            auto message = from_frame<PiecePatch>(frame);
            Assembly& receiving = assembly(message.transfer);
            receiving.take(std::move(message));
            break;
        }
        default:
            throw Error(ErrorCode::malformed, "a frame of kind " +
                                                  std::to_string(static_cast<int>(frame.kind)) +
                                                  " does not belong on a bulk lane");
    }
}

ReplicaTree& BulkReceiver::tree(const SourceName& name) const {
    const auto found = trees_.find(name);
    if (found == trees_.end()) {
        throw Error(ErrorCode::malformed, "content for tree " + name.str() + ", which is not ours");
    }
    return *found->second;
}

void BulkReceiver::with_room(const SourceName& name, const runtime::StopToken& stop,
                             const std::function<void()>& deed) {
    runtime::SystemSleeper sleeper;
    for (;;) {
        try {
            deed();
            faults_.clear(name.str() + " staging");
            return;
        } catch (const Error& error) {
            if (error.code() != ErrorCode::disk_full && error.code() != ErrorCode::io) {
                throw;
            }
            const bool is_full = error.code() == ErrorCode::disk_full;
            // What may save sending later is not in the way of what is sent now.
            if (is_full && tree(name).staging().begun().drop_idle()) {
                continue;
            }
            faults_.raise(name.str() + " staging", error);
            if (is_full) {
                tree(name).ask_for_room();
            }
        }
        if (!sleeper.sleep(room_turn, stop)) {
            throw Error(ErrorCode::cancelled, "the session has ended");
        }
    }
}

void BulkReceiver::take_whole(const ContentWhole& message, const runtime::StopToken& stop) {
    ReplicaTree& replica = tree(message.tree);
    with_room(message.tree, stop,
              [&] { replica.staging().put_whole(message.sha256, message.content); });
    count();
}

void BulkReceiver::take_pack(const ContentPack& message, const runtime::StopToken& stop) {
    ReplicaTree& replica = tree(message.tree);
    for (const ContentPack::Content& content : message.contents) {
        with_room(message.tree, stop,
                  [&] { replica.staging().put_whole(content.sha256, content.bytes); });
    }
    count();
}

void BulkReceiver::take_begin(const ContentBegin& message, const runtime::StopToken& stop) {
    require_new(message.transfer);
    ReplicaTree& replica = tree(message.tree);
    Incoming incoming{.replica = &replica, .transfer = {}, .assembly = {}, .is_on_base = false};
    with_room(message.tree, stop, [&] {
        incoming.transfer = replica.staging().begin(message.path, message.expected_size, false);
    });
    if (message.prefix > 0) {
        copy_prefix(message, incoming, stop);
    }
    transfers_.emplace(message.transfer, std::move(incoming));
}

// What is staged may be put in place meanwhile, never the other way.
std::optional<storage::Handle> BulkReceiver::open_base(const ContentBegin& message,
                                                       const ReplicaTree& replica) const {
    for (const std::string& name : {storage::tree_paths::staged(message.base), message.path}) {
        try {
            return files_.open_file(replica.root(), name);
        } catch (const Error& error) {
            if (error.code() != ErrorCode::not_found && error.code() != ErrorCode::unsafe_path) {
                throw;
            }
        }
    }
    return std::nullopt;
}

// When the file is not what the primary takes it for, the SHA-256 of the whole tells.
void BulkReceiver::copy_prefix(const ContentBegin& message, Incoming& incoming,
                               const runtime::StopToken& stop) {
    incoming.is_on_base = true;
    const std::optional<storage::Handle> base = open_base(message, *incoming.replica);
    std::string piece;
    for (std::uint64_t done = 0; done < message.prefix;) {
        piece.resize(std::min<std::uint64_t>(limits::payload_piece, message.prefix - done));
        const std::size_t got =
            base ? files_.read_at(*base, done,
                                  std::as_writable_bytes(std::span(piece.data(), piece.size())))
                 : 0;
        if (got < piece.size()) {
            incoming.transfer.reset();
            return;
        }
        with_room(message.tree, stop, [&] { incoming.transfer->data(piece); });
        done += got;
    }
}

void BulkReceiver::take_recipe(const RecipeBegin& message, connection::Lane& lane,
                               const runtime::StopToken& stop) {
    require_new(message.transfer);
    ReplicaTree& replica = tree(message.tree);
    AssemblyParts parts{
        .files = files_,
        .number = message.transfer,
        .shape = message.shape,
        .target = {},
        .bases = {},
        .ask = [&lane](const PiecesWanted& wanted) { connection::send(lane, wanted); },
        .with_room = {}};
    // Until the assembly is stopped: it ends before this does, also when only the lane is lost.
    parts.with_room = [this, name = message.tree](const std::function<void()>& deed,
                                                  const runtime::StopToken& until) {
        with_room(name, until, deed);
    };
    // Room for what has to be new is asked for by what is written: much may lie in place already.
    with_room(message.tree, stop,
              [&] { parts.target = replica.staging().begin(message.path, 0, true); });
    std::vector<std::string> names = message.bases;
    names.insert(names.begin(), message.path);
    for (const std::string& name : names) {
        try {
            parts.bases.push_back(files_.open_file(replica.root(), name));
        } catch (const Error& error) {
            if (error.code() != ErrorCode::not_found && error.code() != ErrorCode::unsafe_path) {
                throw;
            }
        }
    }
    Incoming incoming{.replica = &replica, .transfer = {}, .assembly = {}, .is_on_base = true};
    incoming.assembly = std::make_unique<Assembly>(std::move(parts));
    transfers_.emplace(message.transfer, std::move(incoming));
}

void BulkReceiver::require_new(std::uint64_t transfer) const {
    if (transfers_.size() >= most_transfers || transfers_.contains(transfer)) {
        throw Error(ErrorCode::malformed, "a transfer number is in use, or there are too many");
    }
}

BulkReceiver::Incoming& BulkReceiver::incoming(std::uint64_t transfer) {
    const auto found = transfers_.find(transfer);
    if (found == transfers_.end()) {
        throw Error(ErrorCode::malformed, "content of a transfer that was not begun");
    }
    return found->second;
}

Assembly& BulkReceiver::assembly(std::uint64_t transfer) {
    Incoming& found = incoming(transfer);
    if (!found.assembly) {
        throw Error(ErrorCode::malformed, "a recipe of a transfer that has none");
    }
    return *found.assembly;
}

void BulkReceiver::take_data(const ContentData& message, const runtime::StopToken& stop) {
    Incoming& to = incoming(message.transfer);
    if (to.assembly) {
        throw Error(ErrorCode::malformed, "data of a transfer that has a recipe");
    }
    if (to.transfer) {
        with_room(to.replica->name(), stop, [&] { to.transfer->data(message.content); });
    }
}

void BulkReceiver::take_end(const ContentEnd& message, const runtime::StopToken& stop) {
    Incoming& ended = incoming(message.transfer);
    bool is_right = false;
    if (ended.assembly) {
        is_right = ended.assembly->finish(message.size, message.sha256, stop);
    } else if (ended.transfer) {
        is_right = end_transfer(ended, message, stop);
    }
    if (!is_right && ended.assembly) {
        // The cut will lack it, and ask for all of it.
        ended.replica->staging().distrust_recipe(message.sha256);
    }
    transfers_.erase(message.transfer);
    count();
}

bool BulkReceiver::end_transfer(Incoming& ended, const ContentEnd& message,
                                const runtime::StopToken& stop) {
    try {
        with_room(ended.replica->name(), stop,
                  [&] { ended.transfer->end(message.size, message.sha256); });
        return true;
    } catch (const Error& error) {
        // Of what came alone, a wrong digest means damage on the way or a broken peer: the session
        // ends by it.
        if (!ended.is_on_base || error.code() != ErrorCode::bad_checksum) {
            throw;
        }
        return false;
    }
}

}  // namespace farshore::secondary
