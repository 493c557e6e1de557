#include "agent/secondary/mark_verifier.hpp"

namespace farshore::secondary {

VerifiedMark verify_mark(const std::string& envelope, const TrustSet& trust,
                         const ExpectedMarks& expected) {
    const OpenedEnvelope opened =
        open_envelope(envelope, payload_type::mark, trust, std::nullopt, limits::mark_envelope)
            .take();
    VerifiedMark verified;
    verified.mark = parse_mark(opened.payload).take();
    const Mark& mark = verified.mark;
    if (opened.signer.agent != expected.primary || mark.agent != expected.primary ||
        mark.stream != expected.stream || mark.epoch != expected.epoch) {
        throw Error(ErrorCode::chain_broken,
                    "mark " + std::to_string(mark.mark.value()) + " of " + mark.agent.str() +
                        ", stream " + mark.stream.str() + ", epoch " +
                        std::to_string(mark.epoch.value()) + ", signed by " +
                        opened.signer.agent.str() + ", is not of this session");
    }
    if (!opened.signer.is_valid_at(mark.time)) {
        throw Error(ErrorCode::untrusted, "mark " + std::to_string(mark.mark.value()) +
                                              " is signed by a key that was not valid at its time");
    }
    verified.stored = {.mark = mark.mark, .envelope = envelope, .digest = opened.payload_digest()};
    return verified;
}

bool follows(MarkNumber last, MarkNumber mark, bool may_skip) {
    if (mark <= last) {
        return false;
    }
    if (!last.is_zero() && !may_skip && mark != last.next()) {
        throw Error(ErrorCode::chain_broken, "mark " + std::to_string(mark.value()) +
                                                 " came after mark " +
                                                 std::to_string(last.value()));
    }
    return true;
}

}  // namespace farshore::secondary
