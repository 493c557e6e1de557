#pragma once
// The messages of PostgreSQL's output plugin pgoutput, protocol version 1 (PostgreSQL manual,
// "Logical Replication Message Formats"). Strict: what is not exactly one of them is refused.

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "protocol/error.hpp"
#include "protocol/identifiers.hpp"

namespace farshore::pgoutput {

// Text points into the message that was decoded.

struct Begin {
    Lsn final_lsn;                 // of the commit record
    std::int64_t commit_time = 0;  // microseconds since 2000-01-01 UTC
    std::uint32_t xid = 0;
};

struct Commit {
    Lsn commit_lsn;
    Lsn end_lsn;  // behind the commit: what has this end at or before L belongs to L
    std::int64_t commit_time = 0;
};

struct Origin {
    Lsn lsn;
    std::string_view name;
};

struct Column {
    bool is_key = false;  // part of the replica identity
    std::string_view name;
    std::uint32_t type_id = 0;
    std::int32_t type_modifier = -1;
};

// The numbers are PostgreSQL's relreplident.
enum class ReplicaIdentity : char { primary_key = 'd', nothing = 'n', full = 'f', index = 'i' };

struct Relation {
    std::uint32_t id = 0;
    std::string_view schema;  // empty: pg_catalog
    std::string_view name;
    ReplicaIdentity identity = ReplicaIdentity::primary_key;
    std::vector<Column> columns;
};

struct Type {
    std::uint32_t id = 0;
    std::string_view schema;
    std::string_view name;
};

// `stored` is in no message: whoever took a value out puts it, with what it is found by.
enum class ValueKind : char { null = 'n', unchanged = 'u', text = 't', binary = 'b', stored = 's' };

struct Value {
    ValueKind kind = ValueKind::null;
    std::string_view bytes;
};
using Row = std::vector<Value>;

struct Insert {
    std::uint32_t relation = 0;
    Row row;
};

enum class OldRowKind : char { key = 'K', whole = 'O' };
struct OldRow {
    OldRowKind kind = OldRowKind::key;
    Row row;  // with kind key: all columns, those outside of the key are null
};

struct Update {
    std::uint32_t relation = 0;
    std::optional<OldRow> old;  // only when the key has changed, or the identity is the whole row
    Row row;
};

struct Delete {
    std::uint32_t relation = 0;
    OldRow old;
};

struct Truncate {
    bool cascade = false;
    bool restart_identity = false;
    std::vector<std::uint32_t> relations;
};

struct LogicalMessage {
    bool transactional = false;
    Lsn lsn;
    std::string_view prefix;
    std::string_view content;
};

using Message = std::variant<Begin, Commit, Origin, Relation, Type, Insert, Update, Delete,
                             Truncate, LogicalMessage>;

// The whole of `bytes` is one message, or Error(malformed).
[[nodiscard]] Result<Message> decode(std::string_view bytes);

// The first byte of a message says what it is.
constexpr char begin_tag = 'B';
constexpr char commit_tag = 'C';
constexpr char relation_tag = 'R';
constexpr char type_tag = 'Y';

// Whether a message belongs to the bytes of its transaction that a mark's digest covers: all from
// Begin to Commit but for Relation and Type, which depend on the session.
[[nodiscard]] constexpr bool is_digested(std::string_view message) {
    return message.empty() || (message[0] != relation_tag && message[0] != type_tag);
}

}  // namespace farshore::pgoutput
