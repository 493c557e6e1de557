#pragma once
// The gaps that stand: what a secondary has lost of a database, until a new copy has closed it.

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "protocol/identifiers.hpp"
#include "protocol/time.hpp"

namespace farshore::primary {

struct Gap {
    std::string reason;
    Timestamp since;
};

// Invariants: a gap that was opened is named by at least one mark, also when it was closed before
// the next one was sealed. Thread-safe.
class GapBoard {
  public:
    // `what`: "" for the whole database, else the table. False when it was open already:
    // what was said first of it says the most.
    bool open(const SourceName& database, const AgentName& peer, const std::string& what, Gap gap);
    void close(const SourceName& database, const AgentName& peer, const std::string& what);

    [[nodiscard]] bool is_open(const SourceName& database, const AgentName& peer) const;
    // By table; "" is the whole database. Open ones only.
    [[nodiscard]] std::map<std::string, Gap> open_gaps(const SourceName& database,
                                                       const AgentName& peer) const;
    // One sentence each for the mark that is sealed next: the open ones, and those that were closed
    // since told(). told() says that such a mark is committed.
    [[nodiscard]] std::vector<std::string> sentences(const SourceName& database);
    void told();

  private:
    struct Key {
        SourceName database;
        AgentName peer;
        std::string what;

        auto operator<=>(const Key&) const = default;
    };
    struct Known {
        Gap gap;
        bool is_closed = false;
        bool is_named = false;  // in a mark that is being sealed, or was
        bool is_told = false;   // by a mark that is committed
    };

    mutable std::mutex mutex_;
    std::map<Key, Known> gaps_;
};

}  // namespace farshore::primary
