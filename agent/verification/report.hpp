#pragma once
// What verify is asked, and what it answers: plain values that the socket, the command and the
// checks share.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/identifiers.hpp"

namespace farshore::verification {

// Nothing chosen (no flag, no source named): all that can be checked from here.
struct VerifyRequest {
    bool chain = false;
    bool files = false;
    bool databases = false;
    std::vector<SourceName> only_trees;      // empty: every tree
    std::vector<SourceName> only_databases;  // empty: every database
    std::optional<MarkNumber> at;            // null: the newest that is applied

    [[nodiscard]] bool wants_all() const {
        return !chain && !files && !databases && only_trees.empty() && only_databases.empty();
    }
    [[nodiscard]] bool wants_chain() const { return chain || wants_all(); }
    [[nodiscard]] bool wants_files() const { return files || !only_trees.empty() || wants_all(); }
    [[nodiscard]] bool wants_databases() const {
        return databases || !only_databases.empty() || wants_all();
    }
};

enum class FindingKind : std::uint8_t {
    // evidence: place is an object's key or "mark N"
    object_missing,    // a manifest names it, or the sequence needs it
    object_altered,    // its digest, or a second version of it, is not what was signed
    object_malformed,  // does not parse
    bad_signature,     // wrong, or by a key that is not trusted for that time
    bad_order,         // sequence or mark number has a gap or goes back
    bad_previous,      // does not name the digest of the object before it
    fork,              // two objects claim one place
    object_extra,      // in the store, but nothing names it
    bad_fold,          // the change lists do not add up to a mark's digest, entries or bytes
    // trees: place is a path
    path_missing,  // in the listing, not on disk
    path_extra,    // on disk, not in the listing
    path_differs,  // content, type or metadata
    // databases: place is a table, or a table and a key
    table_missing,
    table_extra,
    table_differs,  // and it could not be narrowed down to rows
    row_missing,
    row_extra,
    row_differs,
};

[[nodiscard]] constexpr std::string_view to_string(FindingKind kind) {
    switch (kind) {
        case FindingKind::object_missing:
            return "object_missing";
        case FindingKind::object_altered:
            return "object_altered";
        case FindingKind::object_malformed:
            return "object_malformed";
        case FindingKind::bad_signature:
            return "bad_signature";
        case FindingKind::bad_order:
            return "bad_order";
        case FindingKind::bad_previous:
            return "bad_previous";
        case FindingKind::fork:
            return "fork";
        case FindingKind::object_extra:
            return "object_extra";
        case FindingKind::bad_fold:
            return "bad_fold";
        case FindingKind::path_missing:
            return "path_missing";
        case FindingKind::path_extra:
            return "path_extra";
        case FindingKind::path_differs:
            return "path_differs";
        case FindingKind::table_missing:
            return "table_missing";
        case FindingKind::table_extra:
            return "table_extra";
        case FindingKind::table_differs:
            return "table_differs";
        case FindingKind::row_missing:
            return "row_missing";
        case FindingKind::row_extra:
            return "row_extra";
        case FindingKind::row_differs:
            return "row_differs";
    }
    return "unknown";
}

// One difference. Texts are for people: paths that are not UTF-8 are escaped by the reader of them.
struct Finding {
    FindingKind kind = FindingKind::object_missing;
    std::string source;  // tree or database; "" for the chain
    std::string place;
    std::string expected;
    std::string found;
};

// What was looked at, with counts: {"tree", "uploads", 120345, "paths", 73400320}.
struct Checked {
    std::string what;    // "chain", "tree", "database"
    std::string source;  // "" for the chain
    std::uint64_t count = 0;
    std::string unit;  // "objects", "marks", "paths", "tables", "rows"
    std::uint64_t bytes = 0;
    std::string place;  // "mark 1841", "0/16B3748"; may be empty
};

// What was asked for, or would have been part of all, and was not looked at.
struct Unchecked {
    std::string what;
    std::string source;
    std::string why;
};

struct VerifyReport {
    static constexpr std::size_t max_findings_kept = 10'000;

    std::string stream;
    std::uint64_t findings_total = 0;  // `findings` holds the first of them
    std::vector<Finding> findings;
    std::vector<Checked> checked;
    std::vector<Unchecked> unchecked;

    void add(Finding finding) {
        ++findings_total;
        if (findings.size() < max_findings_kept) {
            findings.push_back(std::move(finding));
        }
    }
    // 0: all checked and equal; 1: a difference; 2: no difference, but something was not checked.
    [[nodiscard]] int exit_status() const {
        if (findings_total > 0) {
            return 1;
        }
        return unchecked.empty() && !checked.empty() ? 0 : 2;
    }
};

struct VerifyProgress {
    std::string what;  // as in Checked
    std::string source;
    std::uint64_t done = 0;
    std::optional<std::uint64_t> total;
    std::string unit;
};
// Called now and then while it runs; throws Error(cancelled) to end the verification.
using OnProgress = std::function<void(const VerifyProgress&)>;

}  // namespace farshore::verification
