#pragma once
// What the primary asks a database itself, on a thread of its own: a server that hangs holds up
// nobody who asks.

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/primary/postgres/insert_position.hpp"
#include "agent/primary/stream_position.hpp"
#include "agent/runtime/stop_token.hpp"
#include "protocol/time.hpp"

namespace farshore::primary {

struct DatabaseFacts {
    std::optional<ServerIdentity> identity;  // known once it answered
    std::map<AgentName, SlotFacts> slots;
    std::vector<std::string> uncovered;
    std::optional<Error> fault;  // why it does not answer now, or not all
};

// Invariants: a position that is handed out was read after it was asked for; a slot that keeps more
// than slot_limit is given up at the next look, whoever reads it: the primary comes first.
class DatabaseWatch {
  public:
    // What a slot kept for that secondary is lost, or is let go now. Called on the thread of run(),
    // before a slot is dropped.
    using OnGap = std::function<void(const AgentName& peer, const std::string& reason)>;

    DatabaseWatch(const StreamName& stream, const config::Database& database,
                  std::vector<AgentName> peers, Clock& clock, OnGap on_gap);

    // Blocks until stop.
    void run(const runtime::StopToken& stop);
    // Begins to read the end of the log, and behind that the sequences' values: when they are
    // wanted, and always while they are few. position() waits for both.
    void ask_position(bool with_sequences);
    // What was read since ask_position(), or nullopt when it did not come within `timeout`.
    [[nodiscard]] std::optional<StreamPosition> position(Duration timeout);
    // The newest that were read; behind every position that came with or before them. Never null.
    [[nodiscard]] std::shared_ptr<const SequenceMap> sequences() const;
    [[nodiscard]] DatabaseFacts facts() const;
    [[nodiscard]] const SourceName& name() const { return name_; }

  private:
    void answer(const runtime::StopToken& stop);
    void look(bool at_coverage);
    [[nodiscard]] std::shared_ptr<const SequenceMap> read_sequences();
    [[nodiscard]] SlotFacts look_at_slot(const AgentName& peer);

    SourceName name_;
    std::vector<AgentName> peers_;
    Clock& clock_;
    OnGap on_gap_;
    InsertPosition server_;
    LogRate rate_;
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    std::uint64_t asked_ = 0;
    std::uint64_t answered_ = 0;
    std::optional<StreamPosition> position_;
    bool with_sequences_ = false;  // asked for
    bool sequences_are_few_ = true;
    std::string sequences_fault_;  // why they can't be read now; empty: they can
    std::shared_ptr<const SequenceMap> sequences_ = std::make_shared<const SequenceMap>();
    DatabaseFacts facts_;              // its fault: of the last question
    std::optional<Error> look_fault_;  // of the last look, which asks for more
};

}  // namespace farshore::primary
