#include "agent/primary/continuity.hpp"

#include "protocol/envelope.hpp"

namespace farshore::primary {

namespace {

std::string number_text(std::uint64_t number) {
    return std::to_string(number);
}

void require_known_numbers(const storage::CutStanding& ours, const Welcome& welcome,
                           const AgentName& peer) {
    if (welcome.received_cut > ours.cut) {
        throw Error(ErrorCode::state_damaged,
                    peer.str() + " holds cut " + number_text(welcome.received_cut.value()) +
                        ", this agent's state ends at " + number_text(ours.cut.value()) +
                        ": the state directory is not the one that the stream was written with");
    }
    if (welcome.received_mark > ours.mark) {
        throw Error(ErrorCode::chain_broken, peer.str() + " holds mark " +
                                                 number_text(welcome.received_mark.value()) +
                                                 ", which this agent's state does not know");
    }
}

void require_same_mark(storage::PrimaryState& state, const Welcome& welcome,
                       const AgentName& peer) {
    if (welcome.received_mark.is_zero() || !welcome.received_mark_digest) {
        return;
    }
    const auto marks = state.marks_above(MarkNumber(welcome.received_mark.value() - 1), 1);
    if (marks.empty() || marks.front().mark != welcome.received_mark) {
        return;  // forgotten here since everybody has it
    }
    const std::string payload =
        read_envelope_payload(marks.front().envelope, payload_type::mark).take();
    if (sha256(payload) != *welcome.received_mark_digest) {
        throw Error(ErrorCode::chain_broken, peer.str() + " holds another mark " +
                                                 number_text(welcome.received_mark.value()) +
                                                 " than this agent sealed");
    }
}

// Nullopt: only what came after the received cut has to be told.
std::optional<std::string> whole_because(storage::PrimaryState& state, const Welcome& welcome,
                                         const AgentName& peer,
                                         const std::vector<SourceName>& trees) {
    const std::string holds =
        peer.str() + " holds cut " + number_text(welcome.received_cut.value());
    const auto known = state.peer(peer);
    if (known && welcome.received_cut < known->received_cut) {
        return holds + " and had said that it holds " + number_text(known->received_cut.value()) +
               ": its state was put back from an older copy";
    }
    if (welcome.received_cut < state.forgotten()) {
        return holds + ", the removals up to cut " + number_text(state.forgotten().value()) +
               " are forgotten here";
    }
    if (!state.cut_identity(welcome.received_cut)) {
        return holds + ", whose identity is forgotten here";
    }
    for (const SourceName& tree : trees) {
        if (state.rejoined(tree) > welcome.received_cut) {
            return "tree " + tree.str() +
                   " is back in the config: what changed before it left may never have been told";
        }
    }
    return std::nullopt;
}

}  // namespace

Continuation judge_continuity(storage::PrimaryState& state, const Welcome& welcome,
                              const AgentName& peer, const std::vector<SourceName>& trees) {
    require_known_numbers(state.standing(), welcome, peer);
    require_same_mark(state, welcome, peer);
    if (welcome.received_cut.is_zero()) {
        return {.base = CutNumber(), .whole_because = std::nullopt};
    }
    const auto identity = state.cut_identity(welcome.received_cut);
    if (identity && *identity != welcome.received_identity) {
        throw Error(ErrorCode::state_damaged,
                    "cut " + number_text(welcome.received_cut.value()) + " that " + peer.str() +
                        " holds is another one than this agent's cut of that number: one of the "
                        "two state directories was put back from an older copy");
    }
    Continuation continuation{.base = welcome.received_cut,
                              .whole_because = whole_because(state, welcome, peer, trees)};
    if (continuation.whole_because) {
        continuation.base = CutNumber();
    }
    return continuation;
}

}  // namespace farshore::primary
