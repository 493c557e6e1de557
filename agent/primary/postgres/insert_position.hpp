#pragma once
// What the primary asks a database itself, beside the stream: where its log ends, how its slots
// stand, what is not carried.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/config/config.hpp"
#include "agent/postgres/connection.hpp"
#include "agent/postgres/wake_event.hpp"
#include "agent/primary/postgres/database_setup.hpp"
#include "agent/primary/postgres/sequence_reader.hpp"
#include "agent/primary/postgres/slot_outlook.hpp"
#include "protocol/identifiers.hpp"

namespace farshore::primary {

// Invariants: at most one connection, made when it is needed and again after a failure. Not
// thread-safe but for stop(). Each call throws Error(database_unavailable) when the server is away.
class InsertPosition {
  public:
    InsertPosition(StreamName stream, config::Database database);

    // The end of the log, and the cluster's identifier: everything that was committed before the
    // call is before it.
    struct LogEnd {
        std::string system;
        Lsn lsn;
    };
    [[nodiscard]] LogEnd read();
    [[nodiscard]] SlotFacts slot(const AgentName& peer);
    // Ends the walsender that reads it and drops it: the server may remove the log that it kept.
    void give_up(const AgentName& peer);
    [[nodiscard]] ServerIdentity identity();
    // What of the database does not reach the secondaries, one sentence each, sorted. Asks the
    // catalogue: not for every cut.
    [[nodiscard]] std::vector<std::string> uncovered();
    // As of now, so behind any position that was read before.
    [[nodiscard]] SequenceMap sequences();
    // Publishes tables that no event trigger could publish when they were made (ddl_capture.hpp).
    void adopt_tables();
    // Throws Error(database_refused) for the first setting or right that is missing.
    void check(const std::vector<AgentName>& peers);

    // Ends a call that is under way, and refuses further ones. Thread-safe.
    void stop() { stop_.set(); }

  private:
    template <typename F>
    auto ask(F&& question);

    StreamName stream_;
    config::Database database_;
    postgres::WakeEvent stop_;
    std::unique_ptr<postgres::Connection> connection_;
    std::optional<ServerIdentity> identity_;  // of the server behind connection_
};

// An LSN just behind a page header of the log is the start of that page: no record ends in between,
// and the server's flush position stops before the header.
[[nodiscard]] Lsn without_page_header(Lsn lsn, std::uint64_t segment_bytes);

}  // namespace farshore::primary
