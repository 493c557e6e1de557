#pragma once
// What a cut knows of its sources becomes a mark: described, judged complete or not, signed.

#include <map>
#include <optional>
#include <string>

#include "agent/primary/cut_record.hpp"
#include "protocol/mark.hpp"
#include "protocol/signing.hpp"
#include "protocol/time.hpp"

namespace farshore::primary {

struct SealedMark {
    Mark mark;
    std::string envelope;  // as it is kept, sent and published
    MarkFacts facts;
};

// Complete means: every source is as of this very cut, and nothing is pending.
[[nodiscard]] bool is_complete(const std::map<SourceName, SourceMark>& sources, Timestamp taken);

class MarkSealer {
  public:
    MarkSealer(StreamName stream, AgentName agent, Duration objective, SigningKey key);

    // `taken`: the clock when the cut was begun; as_of_boot: of each source that has an as_of.
    [[nodiscard]] SealedMark seal(Epoch epoch, MarkNumber number, const ClockReading& taken,
                                  std::map<SourceName, SourceMark> sources,
                                  const std::map<SourceName, BootTime>& as_of_boot) const;

  private:
    StreamName stream_;
    AgentName agent_;
    Duration objective_;
    SigningKey key_;
};

// The clock as marks tell it: their UTC never goes back. When the host's was set back it stands at
// the newest mark's until it has come by there again, and the error says how far off that is.
[[nodiscard]] ClockReading held_to_order(ClockReading now, const std::optional<MarkFacts>& newest);

// The facts of a mark that was read back after a restart; its as_of on CLOCK_BOOTTIME is what UTC
// says at `now`, so it is as good as this host's UTC has been since.
[[nodiscard]] MarkFacts facts_of(const Mark& mark, const ClockReading& now);

}  // namespace farshore::primary
