#include "protocol/cut_offer.hpp"

namespace farshore {

void CutOffer::require(bool right, CutNumber cut) const {
    if (!right || cut != cut_) {
        throw Error(ErrorCode::malformed, "the peer speaks of cut " + std::to_string(cut.value()) +
                                              " out of turn; in flight is " +
                                              std::to_string(cut_.value()));
    }
}

void CutOffer::began(CutNumber cut) {
    FARSHORE_ASSERT(stage_ == Stage::idle && cut > received_);
    cut_ = cut;
    stage_ = Stage::telling;
}

void CutOffer::told() {
    FARSHORE_ASSERT(stage_ == Stage::telling);
    stage_ = Stage::told;
}

bool CutOffer::wanted(const ContentWanted& message) {
    require(stage_ == Stage::told || stage_ == Stage::asking, message.cut);
    stage_ = message.last ? Stage::asked : Stage::asking;
    return message.last;
}

void CutOffer::answered(std::uint64_t missing) {
    FARSHORE_ASSERT(stage_ == Stage::asked);
    stage_ = missing > 0 ? Stage::idle : Stage::told;
    if (missing > 0) {
        cut_ = CutNumber();
    }
}

void CutOffer::received(const Received& message) {
    require(stage_ == Stage::told, message.cut);
    received_ = cut_;
    cut_ = CutNumber();
    stage_ = Stage::idle;
}

}  // namespace farshore
