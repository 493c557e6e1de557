#pragma once
// The gaps that stand: what a secondary has lost of a database, until a new copy has closed it.

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "protocol/identifiers.hpp"
#include "protocol/time.hpp"
#include "storage/state/database_gaps.hpp"

namespace farshore::primary {

struct Gap {
    std::string reason;
    Timestamp since;
    std::uint64_t id = 0;  // by which people name it
};

// Invariants: a gap is in the state before anybody is told of it; one that was opened is named by
// at least one mark, also when it was closed, or this process ended, before the next one was
// sealed. Thread-safe; what only asks waits for nobody's disk.
class GapBoard {
  public:
    // Goes on with what the state has, of `peers`.
    GapBoard(const std::string& state_file, const std::vector<AgentName>& peers, Clock& clock);

    // `what`: "" for the whole database, else the table. False when it was open already:
    // what was said first of it says the most. Durable when it returns.
    bool open(const SourceName& database, const AgentName& peer, const std::string& what,
              const std::string& reason);
    void close(const SourceName& database, const AgentName& peer, const std::string& what);

    [[nodiscard]] bool is_open(const SourceName& database, const AgentName& peer) const;
    // Of a table only: the database flows, but not all of it.
    [[nodiscard]] bool has_table_gap(const SourceName& database, const AgentName& peer) const;
    // By table; "" is the whole database. Open ones only.
    [[nodiscard]] std::map<std::string, Gap> open_gaps(const SourceName& database,
                                                       const AgentName& peer) const;
    // One sentence each for the mark that is sealed next: the open ones, and those that were closed
    // since told(). told() says that such a mark is committed.
    [[nodiscard]] std::vector<std::string> sentences(const SourceName& database);
    void told();

  private:
    struct Known {
        storage::StoredGap gap;
        bool is_named = false;  // in a mark that is being sealed, or was
    };
    [[nodiscard]] std::uint64_t find_open(const SourceName& database, const AgentName& peer,
                                          const std::string& what) const;

    Clock& clock_;
    // Held for all of a change, and before mutex_: whoever seals a mark has the state's write lock
    // and asks meanwhile.
    std::mutex writing_;
    storage::Database state_;
    storage::DatabaseGaps stored_;
    mutable std::mutex mutex_;
    std::map<std::uint64_t, Known> gaps_;  // by number
};

}  // namespace farshore::primary
