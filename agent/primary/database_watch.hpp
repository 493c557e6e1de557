#pragma once
// What the primary asks a database itself, on a thread of its own: a server that hangs holds up
// nobody who asks.

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/primary/postgres/insert_position.hpp"
#include "agent/runtime/stop_token.hpp"
#include "protocol/time.hpp"

namespace farshore::primary {

struct DatabaseFacts {
    std::optional<ServerIdentity> identity;  // known once it answered
    std::map<AgentName, SlotFacts> slots;
    std::vector<std::string> uncovered;
    std::optional<Error> fault;  // why it does not answer now
};

// Invariants: a position that is handed out was read after it was asked for.
class DatabaseWatch {
  public:
    DatabaseWatch(const StreamName& stream, const config::Database& database,
                  std::vector<AgentName> peers, Clock& clock);

    // Blocks until stop.
    void run(const runtime::StopToken& stop);
    // Begins to read the end of the log; position() waits for it.
    void ask_position();
    // What was read since ask_position(), or nullopt when it did not come within `timeout`.
    [[nodiscard]] std::optional<Lsn> position(Duration timeout);
    [[nodiscard]] DatabaseFacts facts() const;
    [[nodiscard]] const SourceName& name() const { return name_; }

  private:
    void answer(const runtime::StopToken& stop);
    void look(bool at_coverage);

    SourceName name_;
    std::vector<AgentName> peers_;
    Clock& clock_;
    InsertPosition server_;
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    std::uint64_t asked_ = 0;
    std::uint64_t answered_ = 0;
    std::optional<Lsn> position_;
    DatabaseFacts facts_;
};

}  // namespace farshore::primary
