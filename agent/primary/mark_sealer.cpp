#include "agent/primary/mark_sealer.hpp"

#include <algorithm>

#include "protocol/envelope.hpp"

namespace farshore::primary {

namespace {

MarkFacts describe(const Mark& mark) {
    MarkFacts facts;
    facts.mark = mark.mark;
    facts.time = mark.time;
    facts.complete = mark.complete;
    for (const auto& [name, source] : mark.sources) {
        facts.sources[name].as_of = as_of(source);
        if (const auto* tree = std::get_if<TreeMark>(&source)) {
            facts.tree_digests[name] = tree->digest.value();
            facts.pending_files += tree->pending.files;
        }
    }
    return facts;
}

}  // namespace

bool is_complete(const std::map<SourceName, SourceMark>& sources, Timestamp taken) {
    return std::all_of(sources.begin(), sources.end(), [taken](const auto& named) {
        const auto* tree = std::get_if<TreeMark>(&named.second);
        const bool pending = tree != nullptr && tree->pending.files > 0;
        return !pending && as_of(named.second) == taken;
    });
}

MarkSealer::MarkSealer(StreamName stream, AgentName agent, Duration objective, SigningKey key)
    : stream_(std::move(stream)),
      agent_(std::move(agent)),
      objective_(objective),
      key_(std::move(key)) {}

SealedMark MarkSealer::seal(Epoch epoch, MarkNumber number, const ClockReading& taken,
                            std::map<SourceName, SourceMark> sources,
                            const std::map<SourceName, BootTime>& as_of_boot) const {
    SealedMark sealed;
    sealed.mark = {.stream = stream_,
                   .epoch = epoch,
                   .agent = agent_,
                   .mark = number,
                   .time = taken.utc,
                   .clock_error = taken.utc_error,
                   .complete = is_complete(sources, taken.utc),
                   .objective = objective_,
                   .sources = {}};
    sealed.mark.sources = std::move(sources);
    sealed.envelope = seal_envelope(payload_type::mark, to_payload(sealed.mark), key_);
    sealed.facts = describe(sealed.mark);
    sealed.facts.taken_boot = taken.boot;
    for (auto& [name, moment] : sealed.facts.sources) {
        const auto boot = as_of_boot.find(name);
        if (moment.as_of && boot != as_of_boot.end()) {
            moment.as_of_boot = boot->second;
        }
    }
    return sealed;
}

ClockReading held_to_order(ClockReading now, const std::optional<MarkFacts>& newest) {
    if (newest && now.utc < newest->time) {
        if (now.utc_error) {
            *now.utc_error = *now.utc_error + (newest->time - now.utc);
        }
        now.utc = newest->time;
    }
    return now;
}

MarkFacts facts_of(const Mark& mark, const ClockReading& now) {
    MarkFacts facts = describe(mark);
    const auto by_boot = [&now](Timestamp utc) {
        return BootTime{now.boot.nanoseconds - (now.utc - utc).nanoseconds};
    };
    facts.taken_boot = by_boot(mark.time);
    if (facts.pending_files > 0) {
        facts.pending_noticed = BootTime{};
    }
    for (auto& [name, moment] : facts.sources) {
        if (moment.as_of) {
            moment.as_of_boot = by_boot(*moment.as_of);
        }
    }
    return facts;
}

}  // namespace farshore::primary
