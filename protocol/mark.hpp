#pragma once
// A mark: a cut that the primary has signed, a recovery point (MARKS.md).

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "protocol/digest.hpp"
#include "protocol/error.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/time.hpp"
#include "protocol/tree_digest.hpp"

namespace farshore {

// Something of a source that is not replicated, and why.
struct Uncovered {
    std::string name;    // a path (any bytes) or a table
    std::string reason;  // for people

    bool operator==(const Uncovered&) const = default;
};

// What a mark openly leaves behind, because it was still in transit when it was sealed.
struct PendingFiles {
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
    std::optional<Timestamp> oldest;  // when the oldest of them was noticed
    std::vector<std::string> paths;   // limits::mark_pending_paths of them at most; any bytes

    bool operator==(const PendingFiles&) const = default;
};

struct TreeMark {
    std::optional<Timestamp> as_of;    // none: the first copy is not finished
    std::optional<Timestamp> swept;    // when the last completed full scan began
    std::vector<Uncovered> uncovered;  // limits::mark_uncovered at most
    std::uint64_t uncovered_more = 0;  // how many there are beyond these
    // The tree as the secondary has it after this cut, the root's own entry included.
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;
    TreeDigest digest;
    PendingFiles pending;

    bool operator==(const TreeMark&) const = default;
};

struct DatabaseMark {
    std::optional<Timestamp> as_of;
    std::vector<Uncovered> uncovered;
    std::uint64_t uncovered_more = 0;
    std::string system_identifier;  // of the primary's cluster
    Lsn lsn;
    // Those with previous mark's lsn < commit end <= lsn, and the digest of theirs (INTERFACE.md).
    std::uint64_t transactions = 0;
    Digest digest;

    bool operator==(const DatabaseMark&) const = default;
};

using SourceMark = std::variant<TreeMark, DatabaseMark>;

// Invariants: epoch and mark are not 0; nothing is pending when it is complete.
struct Mark {
    StreamName stream;
    Epoch epoch;
    AgentName agent;
    MarkNumber mark;
    Timestamp time;  // when the cut was begun
    std::optional<Duration> clock_error;
    bool complete = false;
    Duration objective;
    std::map<SourceName, SourceMark> sources;

    bool operator==(const Mark&) const = default;
};

[[nodiscard]] std::optional<Timestamp> as_of(const SourceMark& source);

// RFC 8785; what is signed, and what the mark's digest is over.
[[nodiscard]] std::string to_payload(const Mark& mark);
[[nodiscard]] Result<Mark> parse_mark(std::string_view payload);

// In the sentence of `uncovered` that names a gap: where it is. `table`: "" for the whole database.
[[nodiscard]] std::string gap_place(const std::string& table, const AgentName& agent);
// The mark says of itself that `agent` lacks something in this table.
[[nodiscard]] bool names_gap(const DatabaseMark& mark, const std::string& table,
                             const AgentName& agent);

}  // namespace farshore
