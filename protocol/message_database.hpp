#pragma once
// Database lanes: the first copy of a database, then its changes as they were decoded on the
// primary (WIRE.md, "A database lane").
//
// First copy, primary -> secondary: CopyBegin, answered by CopyStanding* (what of it is there from
// before an interruption). Then CopySchema* (pre_data, when the schema is not there), for each
// table that is not there CopyTable, CopyData*, CopyTableEnd, then CopySchema* (post_data),
// CopyEnd. The secondary answers with one CopyResult. Then, and on a lane whose database is already
// copied at once: DatabaseTimeline, DatabaseChanges and DatabasePosition without end.

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/digest.hpp"
#include "protocol/frame.hpp"
#include "protocol/identifiers.hpp"

namespace farshore {

// One pgoutput message, and where in the primary's log it came from.
struct ChangeRecord {
    Lsn lsn;
    std::string_view message;
};

// A piece of the record stream. With first and last: any number of whole records. A record that
// does not fit into a frame goes alone, in a piece that is first, any number that are neither, and
// one that is last.
struct DatabaseChanges {
    static constexpr MessageKind kind = MessageKind::database_changes;
    // What a record has before its message: u32 length of the message, u64 LSN.
    static constexpr std::size_t record_header_bytes = 12;

    bool first = true;
    bool last = true;
    std::string records;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static DatabaseChanges decode(ByteReader& in);
};

// Appends one record in the form that DatabaseChanges::records has.
void append_record(const ChangeRecord& record, std::string& to);
// Takes the next record off `from`. Throws Error(malformed) when that does not begin with a whole
// record of 1 to limits::database_record bytes.
[[nodiscard]] ChangeRecord take_record(std::string_view& from);

// primary -> secondary: everything that was committed at or before `lsn` is on the lane before
// this.
struct DatabasePosition {
    static constexpr MessageKind kind = MessageKind::database_position;
    Lsn lsn;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static DatabasePosition decode(ByteReader& in);
};

// What follows replaces the replica.
struct CopyBegin {
    static constexpr MessageKind kind = MessageKind::copy_begin;
    std::string system_identifier;
    std::uint32_t timeline = 0;
    Lsn lsn;        // the stream goes on after it
    Lsn snapshot;   // what is copied now is as of this; above lsn when an interrupted copy goes on
    Digest schema;  // of both sections: a copy goes on only with the schema it began with
    Digest ddl;  // of the DDL that is behind the snapshot: a copy goes on only without more of it
    std::uint64_t tables = 0;
    std::uint64_t bytes = 0;         // an estimate, for progress
    std::vector<std::string> roles;  // that own something or were granted something

    void encode(ByteWriter& out) const;
    [[nodiscard]] static CopyBegin decode(ByteReader& in);
};

enum class SchemaSection : std::uint8_t {
    pre_data = 1,   // what tables need to exist
    post_data = 2,  // indexes, constraints, triggers
};

// A piece of SQL text for psql.
struct CopySchema {
    static constexpr MessageKind kind = MessageKind::copy_schema;
    SchemaSection section = SchemaSection::pre_data;
    bool last = true;
    std::string text;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static CopySchema decode(ByteReader& in);
};

struct TableName {
    std::string schema;
    std::string table;

    auto operator<=>(const TableName&) const = default;
};

// secondary -> primary: what of the copy that CopyBegin announces is there.
struct CopyStanding {
    static constexpr MessageKind kind = MessageKind::copy_standing;
    static constexpr std::size_t most_tables = 1'000;  // in one of them
    bool has_schema = false;                           // pre_data; when false nothing is there
    bool last = true;                                  // no more of these follow
    std::vector<TableName> tables;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static CopyStanding decode(ByteReader& in);
};

// primary -> secondary: the stream can't go on, what it would have brought is lost. Only a new
// first copy helps; the secondary lets go of its standing, or refuses, and the lane ends.
struct CopyNeeded {
    static constexpr MessageKind kind = MessageKind::copy_needed;
    std::string reason;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static CopyNeeded decode(ByteReader& in);
};

// primary -> secondary: the server goes on with this timeline, which forked off behind all that the
// secondary has received.
struct DatabaseTimeline {
    static constexpr MessageKind kind = MessageKind::database_timeline;
    std::uint32_t timeline = 0;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static DatabaseTimeline decode(ByteReader& in);
};

// The rows of one table follow, of these columns and in this order.
struct CopyTable {
    static constexpr MessageKind kind = MessageKind::copy_table;
    std::string schema;
    std::string table;
    Lsn lsn;                           // of the snapshot that they are of
    std::vector<std::string> columns;  // may be empty: a table without columns has rows too

    void encode(ByteWriter& out) const;
    [[nodiscard]] static CopyTable decode(ByteReader& in);
};

// A piece of COPY's text format.
struct CopyData {
    static constexpr MessageKind kind = MessageKind::copy_data;
    std::string bytes;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static CopyData decode(ByteReader& in);
};

struct CopyTableEnd {
    static constexpr MessageKind kind = MessageKind::copy_table_end;
    std::uint64_t rows = 0;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static CopyTableEnd decode(ByteReader& in);
};

struct CopyEnd {
    static constexpr MessageKind kind = MessageKind::copy_end;
    Lsn lsn;  // as CopyBegin has it

    void encode(ByteWriter& out) const;
    [[nodiscard]] static CopyEnd decode(ByteReader& in);
};

// secondary -> primary: the copy is complete and durable in the replica, or why it is not.
struct CopyResult {
    static constexpr MessageKind kind = MessageKind::copy_result;
    bool done = false;
    ErrorCode code = ErrorCode::internal;  // of a copy that is not done
    std::string reason;

    void encode(ByteWriter& out) const;
    [[nodiscard]] static CopyResult decode(ByteReader& in);
};

}  // namespace farshore
