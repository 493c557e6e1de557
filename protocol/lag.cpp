#include "protocol/lag.hpp"

#include <algorithm>
#include <cstdio>
#include <limits>

namespace farshore {

namespace {

// How long ago something was: between value - error and value + error.
using Age = Estimate;

// Times come from other hosts: what would overflow is the largest there is.
Duration saturating_difference(std::int64_t a, std::int64_t b) {
    constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max() / 4;
    std::int64_t difference = 0;
    if (__builtin_sub_overflow(a, b, &difference)) {
        return {a < b ? -largest : largest};
    }
    return {std::clamp(difference, -largest, largest)};
}

std::optional<Age> age_by_boot(const PrimaryMoment& moment, const LagFacts& facts) {
    if (!moment.boot || !facts.primary_offset) {
        return std::nullopt;
    }
    const BootTime primary_now = facts.now.boot + facts.primary_offset->value;
    return Age{saturating_difference(primary_now.nanoseconds, moment.boot->nanoseconds),
               facts.primary_offset->error};
}

std::optional<Age> age_by_utc(const PrimaryMoment& moment, const LagFacts& facts) {
    if (!moment.utc_error || !facts.now.utc_error || moment.utc_error->nanoseconds < 0) {
        return std::nullopt;
    }
    const Duration error{
        std::min(moment.utc_error->nanoseconds, std::numeric_limits<std::int64_t>::max() / 4)};
    return Age{saturating_difference(facts.now.utc.nanoseconds, moment.utc.nanoseconds),
               error + *facts.now.utc_error};
}

Duration lower(const Age& age) {
    return age.value - age.error;
}

Duration upper(const Age& age) {
    return age.value + age.error;
}

std::string to_text(const char* by, const std::optional<Age>& age) {
    char text[96];
    if (age) {
        std::snprintf(text, sizeof text, "%.6f s ± %.6f s by %s", age->value.seconds(),
                      age->error.seconds(), by);
    } else {
        std::snprintf(text, sizeof text, "nothing by %s", by);
    }
    return text;
}

// Ages of moments, and the first contradiction met on the way.
class AgeReader {
  public:
    explicit AgeReader(const LagFacts& facts) : facts_(facts) {}

    // The tighter of what both clocks say; nullopt without an error bound, or when it would be
    // wholly in the future.
    std::optional<Age> age(const PrimaryMoment& moment) {
        const std::optional<Age> boot = age_by_boot(moment, facts_);
        const std::optional<Age> utc = age_by_utc(moment, facts_);
        const bool apart =
            boot && utc && (lower(*boot) > upper(*utc) || lower(*utc) > upper(*boot));
        // A duration needs no UTC: where UTC contradicts, it is UTC that is not believed.
        const std::optional<Age>& best =
            !boot || (utc && !apart && utc->error < boot->error) ? utc : boot;
        const bool future = best && upper(*best) < Duration{};
        if ((apart || future) && !fault_) {
            fault_ = "the age of a mark is " + to_text("the clocks since boot", boot) + ", " +
                     to_text("UTC", utc);
        }
        return future ? std::nullopt : best;
    }
    [[nodiscard]] const std::optional<std::string>& fault() const { return fault_; }

  private:
    const LagFacts& facts_;
    std::optional<std::string> fault_;
};

std::optional<Age> source_age(AgeReader& reader, const std::optional<MarkMoments>& mark,
                              const SourceName& source) {
    if (!mark) {
        return std::nullopt;
    }
    const auto found = mark->as_of.find(source);
    return found == mark->as_of.end() ? std::nullopt : reader.age(found->second);
}

std::optional<double> seconds(const std::optional<Age>& age) {
    return age ? std::optional(upper(*age).seconds()) : std::nullopt;
}

SourceLag source_lag(AgeReader& reader, const PeerFacts& peer, const SourceName& source) {
    const std::optional<Age> received = source_age(reader, peer.received, source);
    SourceLag lag;
    lag.name = source;
    lag.figures.rpo = seconds(received);
    lag.figures.complete_rpo = seconds(source_age(reader, peer.complete, source));
    lag.figures.lag = seconds(source_age(reader, peer.applied, source));
    if (received) {
        lag.figures.error = received->error.seconds();
    }
    return lag;
}

// What is not known is worse than anything that is.
std::optional<double> worst(const std::vector<SourceLag>& sources,
                            std::optional<double> LagFigures::*figure) {
    std::optional<double> result;
    for (const SourceLag& source : sources) {
        const std::optional<double>& value = source.figures.*figure;
        if (!value) {
            return std::nullopt;
        }
        result = std::max(result.value_or(*value), *value);
    }
    return result;
}

LagProof proof_of(AgeReader& reader, const PeerFacts& peer, const LagFigures& figures,
                  Duration mark_interval) {
    const std::optional<Age> age = peer.received ? reader.age(peer.received->taken) : std::nullopt;
    if (!age || !figures.rpo) {
        return LagProof::unknown;
    }
    return upper(*age) < mark_interval + mark_interval ? LagProof::proven : LagProof::late;
}

PeerLag peer_lag(AgeReader& reader, const PeerFacts& peer, const LagFacts& facts) {
    PeerLag lag;
    lag.name = peer.name;
    for (const SourceName& source : facts.sources) {
        lag.sources.push_back(source_lag(reader, peer, source));
    }
    for (const auto figure :
         {&LagFigures::rpo, &LagFigures::complete_rpo, &LagFigures::lag, &LagFigures::error}) {
        lag.figures.*figure = worst(lag.sources, figure);
    }
    lag.proof = proof_of(reader, peer, lag.figures, facts.mark_interval);
    return lag;
}

bool is_better(const LagFigures& a, const LagFigures& b) {
    static constexpr double never = std::numeric_limits<double>::infinity();
    const auto order = [](const LagFigures& figures) {
        return std::pair(figures.rpo.value_or(never), figures.lag.value_or(never));
    };
    return order(a) < order(b);
}

}  // namespace

StreamLag compute_lag(const LagFacts& facts) {
    AgeReader reader(facts);
    StreamLag stream;
    std::optional<std::size_t> best;
    for (const PeerFacts& peer : facts.peers) {
        stream.peers.push_back(peer_lag(reader, peer, facts));
        const PeerLag& lag = stream.peers.back();
        if (!best || is_better(lag.figures, stream.peers[*best].figures)) {
            best = stream.peers.size() - 1;
        }
    }
    if (best) {
        stream.proof = stream.peers[*best].proof;
        stream.figures = stream.peers[*best].figures;
        const std::optional<Duration>& round_trip = facts.peers[*best].round_trip;
        if (round_trip && stream.figures.error) {
            stream.floor = (facts.mark_interval + *round_trip).seconds() + *stream.figures.error;
        }
    }
    stream.clock_fault = reader.fault();
    return stream;
}

}  // namespace farshore
