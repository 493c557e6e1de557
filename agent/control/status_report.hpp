#pragma once
// What GET /v1/status answers: the state of the agent as values.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/control/lag_report.hpp"
#include "protocol/error.hpp"
#include "protocol/time.hpp"

namespace farshore::control {

// Something that is wrong now; it goes away when it is right again.
struct Fault {
    ErrorCode code = ErrorCode::internal;
    std::string where;  // a source, a peer, "store"; "" for the agent itself
    std::string message;
    std::optional<Timestamp> since;
};

// What is not replicated, and why: an unreadable folder, a table without a key, an unlogged table.
struct NotCarried {
    std::string source;
    std::string what;
    std::string why;
};

// How far a first copy has got.
struct CopyProgress {
    std::uint64_t done = 0;
    std::optional<std::uint64_t> total;
    std::string unit;  // "files", "tables", "bytes"
    std::uint64_t done_bytes = 0;
    std::optional<std::uint64_t> total_bytes;
};

struct SourceStatus {
    std::string name;
    SourceKind kind = SourceKind::tree;
    std::string place;  // the tree's path; the database's conninfo without secrets
    std::string state;  // "scanning", "watched", "copying", "streaming", "stopped", ...
    std::optional<Timestamp> as_of;
    std::optional<Timestamp> swept;        // trees: end of the last full scan
    std::optional<std::uint64_t> entries;  // trees
    std::optional<std::uint64_t> bytes;    // trees
    std::optional<CopyProgress> first_copy;
    std::optional<std::uint64_t> pending_files;  // trees: that the newest mark leaves behind
    std::vector<std::string> pending;            // their paths, as many as there is room for
};

struct StatusReport {
    LagReport lag;
    std::string version;
    std::string config_file;
    std::string state_directory;
    std::string listen;
    std::optional<Timestamp> started;
    std::string store_url;
    bool fence = true;  // false: the store is not shared, nothing stops a second primary
    std::optional<CutNumber> cut;
    std::optional<MarkNumber> mark;
    std::optional<std::uint64_t> memory_bytes;
    std::optional<Timestamp> certificate_expires;  // the first of our certificate and the CA's
    std::vector<SourceStatus> sources;
    std::vector<Fault> faults;
    std::vector<NotCarried> not_carried;
};

}  // namespace farshore::control
