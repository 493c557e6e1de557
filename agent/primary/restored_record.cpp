#include "agent/primary/restored_record.hpp"

#include "agent/primary/mark_sealer.hpp"
#include "protocol/envelope.hpp"

namespace farshore::primary {

namespace {

std::optional<MarkFacts> read_facts(const std::optional<storage::StoredMark>& stored,
                                    const ClockReading& now) {
    if (!stored) {
        return std::nullopt;
    }
    const std::string payload = read_envelope_payload(stored->envelope, payload_type::mark).take();
    return facts_of(parse_mark(payload).take(), now);
}

}  // namespace

CutRecord restored_record(storage::PrimaryState& state, CutNumber cut, const ClockReading& now) {
    const auto newest = state.newest_mark(cut);
    return {.cut = cut,
            .is_mark = newest && newest->cut == cut,
            .newest_mark = read_facts(newest, now),
            .newest_complete_mark = read_facts(state.newest_complete_mark(cut), now),
            .databases = {}};
}

}  // namespace farshore::primary
