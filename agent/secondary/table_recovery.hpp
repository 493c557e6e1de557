#pragma once
// Sees to it that tables which are set aside come back: the primary is told of each, and asked for
// it once more.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/runtime/backoff.hpp"
#include "agent/runtime/stop_token.hpp"
#include "agent/secondary/postgres/set_aside.hpp"
#include "protocol/time.hpp"

namespace farshore::secondary {

// A table that is set aside, as lag and status show it.
struct StandingGap {
    std::string table;
    std::string reason;
    std::uint64_t id = 0;  // by which the marks name it; 0: the primary has not been told yet
};

struct TableRecoveryParts {
    std::vector<SourceName> databases;
    std::function<std::optional<SetAsideTables>(const SourceName&)> set_aside;
    // Of the session that is open, 0: none. Another session, another number.
    std::function<std::uint64_t()> session;
    // Asks the primary in that session. Throws what stands in the way.
    std::function<std::string(const std::string& verb, const std::string& json, Duration timeout)>
        ask;
    Clock& clock;
};

// Invariants: in each session the primary is told which tables are set aside, also that none is,
// and again whenever that changes; a table is asked for until it is not set aside any more, more
// and more seldom.
class TableRecovery {
  public:
    explicit TableRecovery(TableRecoveryParts parts) : parts_(std::move(parts)) {}

    // Blocks until stop.
    void run(const runtime::StopToken& stop);
    // One look at all databases.
    void look();
    // Thread-safe.
    [[nodiscard]] std::map<SourceName, std::vector<StandingGap>> gaps() const;

  private:
    struct Request {
        runtime::Backoff backoff;
        BootTime next;
        std::string failure;  // of the last one
    };
    using Requests = std::map<TableName, Request>;

    void look_at(const SourceName& database, const SetAsideTables& tables);
    void tell(const SourceName& database, const SetAsideTables& tables);
    void ask_for(const SourceName& database, const TableName& table, Request& request);
    void show(const SourceName& database, const SetAsideTables& tables);

    TableRecoveryParts parts_;
    std::uint64_t session_ = 0;
    std::map<SourceName, SetAsideTables> told_;  // in this session
    std::map<SourceName, Requests> requests_;
    std::map<SourceName, std::map<TableName, std::uint64_t>> numbers_;
    mutable std::mutex mutex_;
    std::map<SourceName, std::vector<StandingGap>> gaps_;
};

}  // namespace farshore::secondary
