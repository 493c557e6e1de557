#include "agent/primary/bulk_sender.hpp"

#include <algorithm>
#include <chrono>

#include "agent/runtime/sleeper.hpp"

namespace farshore::primary {

namespace {

// A pack of this size is sent; it compresses well, and its contents are staged while the next
// comes.
constexpr std::size_t pack_target = 128 * limits::kib;
static_assert(pack_target + limits::small_file <= limits::pack_bytes);
constexpr Duration read_turn = Duration::from_ms(200);
constexpr Duration longest_pause = Duration::from_ms(100);
// Of large files, where small ones use the same lane.
constexpr std::size_t most_queued = limits::mib;
constexpr Duration queue_look = Duration::from_ms(1);
constexpr std::chrono::milliseconds wanted_turn{200};
// Of one transfer: many times what a secondary asks for ahead.
constexpr std::size_t most_wanted = 16'384;
// Interrupted transfers that are remembered; the secondary keeps fewer.
constexpr std::size_t most_begun = 1'000;

}  // namespace

BulkSender::BulkSender(std::vector<std::shared_ptr<connection::Lane>> lanes, const Begun& begun,
                       BandwidthLimit* limit)
    : limit_(limit) {
    for (const auto& [tree, paths] : begun) {
        for (const Digest& path : paths) {
            begun_.emplace(tree, path);
        }
    }
    FARSHORE_ASSERT(!lanes.empty());
    for (auto& lane : lanes) {
        lanes_.push_back(std::make_unique<CountedLane>());
        lanes_.back()->lane = std::move(lane);
    }
}

template <typename M>
void BulkSender::send(CountedLane& to, Urgency urgency, const M& message) {
    pace(*to.lane, urgency);
    const std::size_t bytes = connection::send(*to.lane, message);
    if (limit_ != nullptr) {
        limit_->sent(bytes);
    }
}

template <typename M>
void BulkSender::send_counted(CountedLane& to, Urgency urgency, const M& message) {
    const std::lock_guard lock(to.order);
    send(to, urgency, message);
    to.count.fetch_add(1);
}

void BulkSender::pace(const connection::Lane& lane, Urgency urgency) {
    runtime::SystemSleeper sleeper;
    const auto pause = [&]() -> Duration {
        if (limit_ != nullptr) {
            return limit_->wait(urgency);
        }
        return {};
    };
    for (Duration wait = pause(); wait.nanoseconds > 0 && !lane.is_closed(); wait = pause()) {
        (void)sleeper.sleep(std::min(wait, longest_pause), {});
    }
    if (urgency == Urgency::small || lanes_.size() > 1) {
        return;
    }
    // A small file on the same lane waits behind what is queued: so that is kept short.
    while (lane.unsent_bytes() > most_queued && !lane.is_closed()) {
        (void)sleeper.sleep(queue_look, {});
    }
}

BulkSender::CountedLane& BulkSender::lane_of(std::uint64_t transfer) {
    // Lane 0 is for small files, unless it is the only one.
    if (lanes_.size() == 1) {
        return *lanes_.front();
    }
    return *lanes_[1 + transfer % (lanes_.size() - 1)];
}

BulkSender::CountedLane& BulkSender::least_loaded() const {
    return **std::min_element(lanes_.begin(), lanes_.end(), [](const auto& a, const auto& b) {
        return a->lane->unsent_bytes() < b->lane->unsent_bytes();
    });
}

bool BulkSender::has_room() const {
    return least_loaded().lane->unsent_bytes() + limits::frame_body < limits::lane_window &&
           (limit_ == nullptr || limit_->wait(Urgency::small) == Duration{});
}

void BulkSender::whole(const SourceName& tree, const Digest& sha256, std::string_view content) {
    add(asked_for_, tree, sha256, content);
}

void BulkSender::push(const SourceName& tree, const Digest& sha256, std::string_view content) {
    add(pushed_, tree, sha256, content);
}

void BulkSender::add(OpenPack& pack, const SourceName& tree, const Digest& sha256,
                     std::string_view content) {
    const std::lock_guard lock(pack.mutex);
    if (pack.message.tree != tree) {
        send_pack(pack);
        pack.message.tree = tree;
    }
    pack.message.contents.push_back({sha256, std::string(content)});
    pack.bytes += content.size();
    if (pack.bytes >= pack_target || pack.message.contents.size() == limits::pack_contents) {
        send_pack(pack);
    }
}

void BulkSender::flush(OpenPack& pack) {
    const std::lock_guard lock(pack.mutex);
    send_pack(pack);
}

// Its mutex is held.
void BulkSender::send_pack(OpenPack& pack) {
    std::vector<ContentPack::Content> contents = std::exchange(pack.message.contents, {});
    pack.bytes = 0;
    if (contents.size() == 1) {
        send_counted(least_loaded(), Urgency::small,
                     ContentWhole{pack.message.tree, contents.front().sha256,
                                  std::move(contents.front().bytes)});
    } else if (!contents.empty()) {
        send_counted(least_loaded(), Urgency::small,
                     ContentPack{pack.message.tree, std::move(contents)});
    }
}

std::uint64_t BulkSender::add(Transfer transfer) {
    const std::lock_guard lock(mutex_);
    transfers_.emplace(next_transfer_, std::move(transfer));
    return next_transfer_++;
}

// It has ended; `is_begun`: the secondary keeps what came of it.
void BulkSender::forget(std::uint64_t transfer, bool is_begun) {
    const std::lock_guard lock(mutex_);
    const auto found = transfers_.find(transfer);
    if (found == transfers_.end()) {
        return;
    }
    const std::pair file(found->second.tree, found->second.path);
    transfers_.erase(found);
    if (!is_begun) {
        begun_.erase(file);
    } else if (begun_.size() < most_begun) {
        begun_.insert(file);
    }
}

bool BulkSender::has_begun(const SourceName& tree, const std::string& path) const {
    const std::lock_guard lock(mutex_);
    return !begun_.empty() && begun_.contains({tree, sha256(path)});
}

std::uint64_t BulkSender::begin(const ContentStart& start) {
    const std::uint64_t transfer = add({start.tree, sha256(start.path), 0, {}, false});
    send(lane_of(transfer), Urgency::large,
         ContentBegin{transfer, start.tree, start.path, start.expected_size, start.prefix,
                      start.base});
    return transfer;
}

void BulkSender::data(std::uint64_t transfer, std::string_view content) {
    while (!content.empty()) {
        const std::string_view piece = content.substr(0, limits::payload_piece);
        send(lane_of(transfer), Urgency::large, ContentData{transfer, std::string(piece)});
        content.remove_prefix(piece.size());
    }
}

void BulkSender::end(std::uint64_t transfer, std::uint64_t size, const Digest& sha256) {
    forget(transfer, false);
    send_counted(lane_of(transfer), Urgency::large, ContentEnd{transfer, size, sha256});
}

void BulkSender::abort(std::uint64_t transfer) {
    forget(transfer, true);
    send_counted(lane_of(transfer), Urgency::large, ContentAbort{transfer});
}

// --- recipes

std::uint64_t BulkSender::begin_recipe(const RecipeStart& start) {
    const std::uint64_t transfer =
        add({start.tree, sha256(start.path), start.shape.seed, {}, false});
    send(lane_of(transfer), Urgency::large,
         RecipeBegin{transfer, start.tree, start.path, start.expected_size, start.shape,
                     start.bases});
    return transfer;
}

void BulkSender::chunks(std::uint64_t transfer, const std::vector<Chunk>& chunks) {
    send(lane_of(transfer), Urgency::large, RecipeChunks{transfer, chunks});
}

void BulkSender::run_answers(std::size_t lane, const runtime::StopToken& stop) {
    while (!stop.stop_requested()) {
        if (const auto frame = lanes_[lane]->lane->receive(read_turn)) {
            take(from_frame<PiecesWanted>(*frame));
        }
    }
}

void BulkSender::take(PiecesWanted message) {
    const std::lock_guard lock(mutex_);
    const auto found = transfers_.find(message.transfer);
    if (found == transfers_.end()) {
        return;  // it was aborted meanwhile
    }
    Transfer& transfer = found->second;
    if (transfer.wanted.size() + message.pieces.size() > most_wanted) {
        throw Error(ErrorCode::too_large, "the secondary wants more pieces than it can hold");
    }
    transfer.wants_no_more = transfer.wants_no_more || message.last;
    for (WantedPiece& piece : message.pieces) {
        transfer.wanted.push_back(std::move(piece));
    }
    changed_.notify_all();
}

std::optional<WantedPiece> BulkSender::next_wanted(std::uint64_t transfer) {
    const std::lock_guard lock(mutex_);
    const auto found = transfers_.find(transfer);
    if (found == transfers_.end() || found->second.wanted.empty()) {
        return std::nullopt;
    }
    WantedPiece wanted = std::move(found->second.wanted.front());
    found->second.wanted.pop_front();
    return wanted;
}

bool BulkSender::wait_wanted(std::uint64_t transfer) {
    std::unique_lock lock(mutex_);
    const Transfer& waiting = transfers_.at(transfer);
    changed_.wait_for(lock, wanted_turn,
                      [&] { return !waiting.wanted.empty() || waiting.wants_no_more; });
    return !waiting.wanted.empty() || !waiting.wants_no_more;
}

void BulkSender::send_piece(std::uint64_t transfer, const WantedPiece& wanted,
                            const ReadPiece& read) {
    std::uint64_t seed = 0;
    {
        const std::lock_guard lock(mutex_);
        seed = transfers_.at(transfer).seed;
    }
    std::string content = read(wanted.offset, wanted.length);
    // The file became shorter meanwhile: the digest of the whole will not fit, and tell so.
    content.resize(wanted.length);
    PiecePatch patch{.transfer = transfer, .offset = wanted.offset, .runs = {}};
    for (const PageRun& run : differing_runs(content, wanted.offset, wanted.pages, seed)) {
        patch.runs.push_back({run.at, content.substr(run.at, run.length)});
    }
    send(lane_of(transfer), Urgency::large, patch);
}

void BulkSender::answer(std::uint64_t transfer, const ReadPiece& read) {
    while (const auto wanted = next_wanted(transfer)) {
        send_piece(transfer, *wanted, read);
    }
}

void BulkSender::answer_all(std::uint64_t transfer, const ReadPiece& read) {
    const connection::Lane& lane = *lane_of(transfer).lane;
    send(lane_of(transfer), Urgency::large, RecipeEnd{transfer});
    while (wait_wanted(transfer)) {
        if (lane.is_closed()) {
            throw Error(ErrorCode::connection_lost, "the session has ended");
        }
        answer(transfer, read);
    }
}

LaneCounts BulkSender::sent() {
    flush(asked_for_);
    LaneCounts counts;
    for (const auto& lane : lanes_) {
        counts.push_back(lane->count.load());
    }
    return counts;
}

}  // namespace farshore::primary
