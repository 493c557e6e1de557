#include "protocol/cut_delivery.hpp"

#include <algorithm>

namespace farshore {

namespace {

[[noreturn]] void broken(CutNumber cut, const char* what) {
    throw Error(ErrorCode::malformed, "cut " + std::to_string(cut.value()) + ": " + what);
}

}  // namespace

CutDelivery::CutDelivery(CutNumber received, std::size_t bulk_lanes,
                         std::map<SourceName, Lsn> positions)
    : received_(received), processed_(bulk_lanes), positions_(std::move(positions)) {}

void CutDelivery::begin(const CutBegin& message) {
    if (stage_ != Stage::idle) {
        broken(message.cut, "it is told while another one is in flight");
    }
    // Base 0: everything is told, whatever is received here.
    const bool follows = message.base == received_ || message.base.is_zero();
    if (!follows || message.cut <= received_) {
        broken(message.cut, "it does not follow what is received here");
    }
    for (const auto& [database, position] : message.databases) {
        if (!positions_.contains(database)) {
            broken(message.cut, "it lists a database that has no lane");
        }
    }
    begin_ = message;
    stage_ = Stage::telling;
}

CutNumber CutDelivery::require_telling() const {
    if (stage_ != Stage::telling) {
        throw Error(ErrorCode::malformed, "a part of a cut comes where no cut is being told");
    }
    return begin_->cut;
}

void CutDelivery::set_target(const LaneCounts& sent) {
    if (sent.size() != processed_.size()) {
        broken(begin_->cut, "it counts other lanes than the session has");
    }
    target_ = sent;
}

void CutDelivery::end(const CutEnd& message) {
    if (require_telling() != message.cut) {
        broken(message.cut, "it ends while another one is told");
    }
    set_target(message.sent);
    stage_ = Stage::told;
    rounds_ = 0;
}

void CutDelivery::content_sent(const ContentSent& message) {
    if (stage_ != Stage::asked || message.cut != begin_->cut) {
        broken(message.cut, "content is said to be sent that nobody asked for");
    }
    if (message.missing > 0) {
        stage_ = Stage::lost;
        return;
    }
    set_target(message.sent);
    stage_ = Stage::told;
}

void CutDelivery::lane_processed(std::size_t lane, std::uint64_t count) {
    FARSHORE_ASSERT(lane < processed_.size() && count >= processed_[lane]);
    processed_[lane] = count;
}

void CutDelivery::database_passed(const SourceName& database, Lsn position) {
    const auto found = positions_.find(database);
    FARSHORE_ASSERT(found != positions_.end());
    found->second = std::max(found->second, position);
}

bool CutDelivery::lanes_reached() const {
    return std::equal(processed_.begin(), processed_.end(), target_.begin(), target_.end(),
                      std::greater_equal<>());
}

bool CutDelivery::databases_passed() const {
    return std::all_of(
        begin_->databases.begin(), begin_->databases.end(),
        [this](const auto& item) { return positions_.at(item.first) >= item.second; });
}

DeliveryStep CutDelivery::next() const {
    switch (stage_) {
        case Stage::told:
            return lanes_reached() ? DeliveryStep::resolve : DeliveryStep::wait;
        case Stage::whole:
            return databases_passed() ? DeliveryStep::sync : DeliveryStep::wait;
        case Stage::lost:
            return DeliveryStep::abandon;
        case Stage::idle:
        case Stage::telling:
        case Stage::asked:
            return DeliveryStep::wait;
    }
    return DeliveryStep::wait;
}

void CutDelivery::resolved(std::uint64_t lacking) {
    FARSHORE_ASSERT(next() == DeliveryStep::resolve);
    if (lacking == 0) {
        stage_ = Stage::whole;
        return;
    }
    if (++rounds_ > most_rounds) {
        broken(begin_->cut, "its content was said to be sent and is not here");
    }
    stage_ = Stage::asked;
}

void CutDelivery::committed() {
    FARSHORE_ASSERT(next() == DeliveryStep::sync);
    received_ = begin_->cut;
    go_idle();
}

void CutDelivery::abandoned() {
    FARSHORE_ASSERT(next() == DeliveryStep::abandon);
    go_idle();
}

void CutDelivery::go_idle() {
    stage_ = Stage::idle;
    begin_.reset();
    target_.clear();
}

}  // namespace farshore
