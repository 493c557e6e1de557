#pragma once
// The record that opens an epoch: who is its primary.

#include <optional>
#include <string>
#include <string_view>

#include "protocol/digest.hpp"
#include "protocol/error.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/time.hpp"

namespace farshore {

struct EpochRecord {
    StreamName stream;
    Epoch epoch;
    AgentName primary;
    std::optional<Digest> previous;  // of the last epoch's payload; none for epoch 1
    Timestamp opened;
    std::string reason;

    bool operator==(const EpochRecord&) const = default;
};

[[nodiscard]] std::string to_payload(const EpochRecord& record);
[[nodiscard]] Result<EpochRecord> parse_epoch_record(std::string_view payload);

}  // namespace farshore
