#pragma once
// The primary's half of a cut in flight to one secondary (pure): the twin of CutDelivery. Lives as
// long as a session.

#include <cstdint>

#include "protocol/message_cut.hpp"

namespace farshore {

// Invariants: one cut is in flight at most; received() moves only to the cut in flight, and only
// after it was told whole and everything asked for was sent.
class CutOffer {
  public:
    explicit CutOffer(CutNumber received) : received_(received) {}

    // A cut may be told now; its base is received().
    [[nodiscard]] bool is_idle() const { return stage_ == Stage::idle; }
    [[nodiscard]] CutNumber received() const { return received_; }
    [[nodiscard]] CutNumber in_flight() const { return cut_; }

    // Our own deeds, in this order: CutBegin was sent, CutEnd was sent.
    void began(CutNumber cut);
    void told();
    // ContentSent was sent. With missing > 0 the cut is given up, and the next one may be told.
    void answered(std::uint64_t missing);

    // What came. A peer that breaks the order of the protocol: Error(malformed).
    // wanted(): true when the asking is complete and ContentSent is due.
    [[nodiscard]] bool wanted(const ContentWanted& message);
    void received(const Received& message);

  private:
    enum class Stage : std::uint8_t { idle, telling, told, asking, asked };

    void require(bool right, CutNumber cut) const;

    CutNumber received_;
    CutNumber cut_;
    Stage stage_ = Stage::idle;
};

}  // namespace farshore
