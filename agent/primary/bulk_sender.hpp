#pragma once
// File content onto the bulk lanes of one session, counted so that the receiver can tell what is
// still under way from what was never sent (LaneCounts).

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent/connection/lane.hpp"
#include "agent/primary/bandwidth_limit.hpp"
#include "agent/primary/files/content_sink.hpp"
#include "agent/runtime/stop_token.hpp"
#include "protocol/message_content.hpp"
#include "protocol/message_cut.hpp"
#include "protocol/message_pack.hpp"
#include "protocol/message_recipe.hpp"

namespace farshore::primary {

// Small files are packed together, and go over the lane with the least that waits on it: lane 0
// when large files, which share the others, are on their way.
// Invariants: a lane's count is raised in the order of its frames; a count that was read covers
// every message whose call had returned before, what was pushed only up to the last flush_pushed().
class BulkSender {
  public:
    // What a secondary keeps of interrupted transfers: the SHA-256 of the paths, by tree.
    using Begun = std::map<SourceName, std::vector<Digest>>;

    // `limit`, if any, outlives it.
    explicit BulkSender(std::vector<std::shared_ptr<connection::Lane>> lanes,
                        const Begun& begun = {}, BandwidthLimit* limit = nullptr);

    // Each call blocks while the lane's window is full and throws the Error the lane was closed
    // with.
    void whole(const SourceName& tree, const Digest& sha256, std::string_view content);
    // The same for who must not wait: while has_room(), it is taken at once.
    [[nodiscard]] bool has_room() const;
    void push(const SourceName& tree, const Digest& sha256, std::string_view content);
    void flush_pushed() { flush(pushed_); }
    // A large file: the number that begin() gives names the transfer until end or abort.
    [[nodiscard]] std::uint64_t begin(const ContentStart& start);
    void data(std::uint64_t transfer, std::string_view content);
    // The same by its recipe.
    [[nodiscard]] std::uint64_t begin_recipe(const RecipeStart& start);
    void chunks(std::uint64_t transfer, const std::vector<Chunk>& chunks);
    void answer(std::uint64_t transfer, const ReadPiece& read);
    // Says that the recipe is whole, and waits until nothing more is wanted.
    void answer_all(std::uint64_t transfer, const ReadPiece& read);
    void end(std::uint64_t transfer, std::uint64_t size, const Digest& sha256);
    void abort(std::uint64_t transfer);

    [[nodiscard]] bool has_begun(const SourceName& tree, const std::string& path) const;
    // What the secondary answers on the lanes; blocks until stop, or throws the lane's Error or
    // malformed. One call for each lane.
    void run_answers(std::size_t lane, const runtime::StopToken& stop);
    [[nodiscard]] std::size_t lanes() const { return lanes_.size(); }

    // Messages that ended a content (whole, pack, end, abort) on each lane so far.
    [[nodiscard]] LaneCounts sent();

  private:
    struct CountedLane {
        std::shared_ptr<connection::Lane> lane;
        std::mutex order;
        std::atomic<std::uint64_t> count{0};
    };

    // What is gathered for one message.
    struct OpenPack {
        std::mutex mutex;  // also held while it is sent: nobody reads a count in between
        ContentPack message;
        std::size_t bytes = 0;
    };
    // A large file under way.
    struct Transfer {
        SourceName tree;
        Digest path;
        std::uint64_t seed = 0;
        std::deque<WantedPiece> wanted;
        bool wants_no_more = false;
    };

    template <typename M>
    void send(CountedLane& to, Urgency urgency, const M& message);
    template <typename M>
    void send_counted(CountedLane& to, Urgency urgency, const M& message);
    // Waits until more may be sent on the lane.
    void pace(const connection::Lane& lane, Urgency urgency);
    void add(OpenPack& pack, const SourceName& tree, const Digest& sha256,
             std::string_view content);
    void flush(OpenPack& pack);
    void send_pack(OpenPack& pack);
    [[nodiscard]] CountedLane& least_loaded() const;
    CountedLane& lane_of(std::uint64_t transfer);
    std::uint64_t add(Transfer transfer);
    void forget(std::uint64_t transfer, bool is_begun);
    void take(PiecesWanted message);
    [[nodiscard]] std::optional<WantedPiece> next_wanted(std::uint64_t transfer);
    void send_piece(std::uint64_t transfer, const WantedPiece& wanted, const ReadPiece& read);
    // False when nothing more is wanted.
    [[nodiscard]] bool wait_wanted(std::uint64_t transfer);

    std::vector<std::unique_ptr<CountedLane>> lanes_;
    BandwidthLimit* const limit_;
    mutable std::mutex mutex_;  // of what follows
    std::condition_variable changed_;
    std::uint64_t next_transfer_ = 0;
    std::map<std::uint64_t, Transfer> transfers_;
    std::set<std::pair<SourceName, Digest>> begun_;
    OpenPack asked_for_;
    OpenPack pushed_;
};

}  // namespace farshore::primary
