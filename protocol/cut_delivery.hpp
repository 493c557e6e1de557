#pragma once
// A secondary's cut in flight, from the telling of it to RECEIVED (pure): events in, what to do
// next out. Lives as long as a session; the next session begins with a new one.

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "protocol/message_cut.hpp"

namespace farshore {

// What the receiver does now. Each step but `wait` is done once and answered by the event beside
// it.
enum class DeliveryStep : std::uint8_t {
    wait,     // for an event
    resolve,  // find out which content the cut lacks: resolved()
    sync,     // everything is here: make it durable and commit: committed()
    abandon,  // the primary no longer has what the cut needs: forget its entries: abandoned()
};

// Invariants:
// - `sync` is said only when every content message counted by CutEnd (and ContentSent) was
//   processed, nothing is lacking, and every database that CutBegin lists has passed its position;
// - it is said when all that is so, in whatever order it came;
// - received() moves only from cut to later cut, by committed().
class CutDelivery {
  public:
    // received: the newest cut that is durable here; positions: what is durable of each database
    // that has a lane in this session.
    CutDelivery(CutNumber received, std::size_t bulk_lanes, std::map<SourceName, Lsn> positions);

    // What came. A peer that breaks the order of the protocol: Error(malformed).
    void begin(const CutBegin& message);
    // The cut's number that entries and marks belong to; Error(malformed) when none is being told.
    [[nodiscard]] CutNumber require_telling() const;
    void end(const CutEnd& message);
    void content_sent(const ContentSent& message);
    // Content messages (whole, end, abort) of that bulk lane that were processed so far: staged and
    // found good, or dropped for good. Never goes back.
    void lane_processed(std::size_t lane, std::uint64_t count);
    // The database's changes up to there are in the spool.
    void database_passed(const SourceName& database, Lsn position);

    // What to do now.
    [[nodiscard]] DeliveryStep next() const;

    // Answers to what was said to do. lacking: how many items were asked for by ContentWanted.
    void resolved(std::uint64_t lacking);
    void committed();
    void abandoned();

    [[nodiscard]] CutNumber received() const { return received_; }
    // The cut in flight, until it is committed or abandoned.
    [[nodiscard]] const std::optional<CutBegin>& in_flight() const { return begin_; }

    // A peer that says "sent" and has not is cut off after so many rounds.
    static constexpr int most_rounds = 8;

  private:
    enum class Stage : std::uint8_t { idle, telling, told, asked, whole, lost };

    [[nodiscard]] bool lanes_reached() const;
    [[nodiscard]] bool databases_passed() const;
    void set_target(const LaneCounts& sent);
    void go_idle();

    CutNumber received_;
    LaneCounts processed_;
    std::map<SourceName, Lsn> positions_;

    Stage stage_ = Stage::idle;
    std::optional<CutBegin> begin_;
    LaneCounts target_;  // what each lane must have processed before content can be lacking
    int rounds_ = 0;
};

}  // namespace farshore
