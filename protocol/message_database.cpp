#include "protocol/message_database.hpp"

#include "protocol/wire_fields.hpp"

namespace farshore {

namespace {

constexpr std::size_t identifier_bytes = 255;  // NAMEDATALEN of an unusual build
constexpr std::size_t columns_limit = 1664;
constexpr std::size_t roles_limit = 4096;

SchemaSection read_section(ByteReader& in) {
    const std::uint8_t section = in.u8();
    if (section != 1 && section != 2) {
        throw Error(ErrorCode::malformed, "an unknown section of a schema");
    }
    return static_cast<SchemaSection>(section);
}

void write_names(ByteWriter& out, const std::vector<std::string>& names) {
    out.u32(static_cast<std::uint32_t>(names.size()));
    for (const std::string& name : names) {
        out.bytes(name);
    }
}

std::vector<std::string> read_names(ByteReader& in, std::size_t limit) {
    const std::uint32_t count = in.count(4);
    if (count > limit) {
        throw Error(ErrorCode::too_large, "a list of " + std::to_string(count) + " names");
    }
    std::vector<std::string> names;
    names.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        names.emplace_back(in.bytes(identifier_bytes));
    }
    return names;
}

std::uint32_t read_count(ByteReader& in, std::size_t least_bytes, std::size_t limit) {
    const std::uint32_t count = in.count(least_bytes);
    if (count > limit) {
        throw Error(ErrorCode::too_large, "a list of " + std::to_string(count) + " tables");
    }
    return count;
}

void write_table(ByteWriter& out, const TableName& name) {
    out.bytes(name.schema).bytes(name.table);
}

TableName read_table(ByteReader& in) {
    TableName name;
    name.schema = in.bytes(identifier_bytes);
    name.table = in.bytes(identifier_bytes);
    return name;
}

}  // namespace

void append_record(const ChangeRecord& record, std::string& to) {
    ByteWriter header;
    FARSHORE_ASSERT(!record.message.empty());
    FARSHORE_ASSERT(record.message.size() <= limits::database_record);
    header.u32(static_cast<std::uint32_t>(record.message.size())).u64(record.lsn.value());
    to.append(header.str());
    to.append(record.message);
}

ChangeRecord take_record(std::string_view& from) {
    ByteReader in(from);
    const std::uint32_t length = in.u32();
    ChangeRecord record;
    record.lsn = Lsn(in.u64());
    if (length == 0 || length > limits::database_record) {
        throw Error(ErrorCode::malformed,
                    "a change record of " + std::to_string(length) + " bytes");
    }
    record.message = in.raw(length);
    from.remove_prefix(DatabaseChanges::record_header_bytes + length);
    return record;
}

void DatabaseChanges::encode(ByteWriter& out) const {
    out.boolean(first).boolean(last).bytes(records);
}

DatabaseChanges DatabaseChanges::decode(ByteReader& in) {
    DatabaseChanges changes;
    changes.first = in.boolean();
    changes.last = in.boolean();
    changes.records = in.bytes(limits::frame_body);
    if (changes.records.empty()) {
        throw Error(ErrorCode::malformed, "a piece of changes without any");
    }
    return changes;
}

void DatabasePosition::encode(ByteWriter& out) const {
    out.u64(lsn.value());
}

DatabasePosition DatabasePosition::decode(ByteReader& in) {
    return {Lsn(in.u64())};
}

void CopyBegin::encode(ByteWriter& out) const {
    out.bytes(system_identifier).u32(timeline).u64(lsn.value()).u64(snapshot.value());
    wire::write(out, schema);
    wire::write(out, ddl);
    out.u64(tables).u64(bytes);
    write_names(out, roles);
}

CopyBegin CopyBegin::decode(ByteReader& in) {
    CopyBegin begin;
    begin.system_identifier = in.bytes(identifier_bytes);
    begin.timeline = in.u32();
    begin.lsn = Lsn(in.u64());
    begin.snapshot = Lsn(in.u64());
    begin.schema = wire::read_digest(in);
    begin.ddl = wire::read_digest(in);
    begin.tables = in.u64();
    begin.bytes = in.u64();
    begin.roles = read_names(in, roles_limit);
    return begin;
}

void CopyStanding::encode(ByteWriter& out) const {
    out.boolean(has_schema).boolean(last).u32(static_cast<std::uint32_t>(tables.size()));
    for (const TableName& name : tables) {
        write_table(out, name);
    }
}

CopyStanding CopyStanding::decode(ByteReader& in) {
    CopyStanding standing;
    standing.has_schema = in.boolean();
    standing.last = in.boolean();
    const std::uint32_t count = read_count(in, 8, most_tables);
    standing.tables.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        standing.tables.push_back(read_table(in));
    }
    return standing;
}

void CopyNeeded::encode(ByteWriter& out) const {
    wire::write_text(out, reason);
}

CopyNeeded CopyNeeded::decode(ByteReader& in) {
    return {wire::read_text(in)};
}

void DatabaseTimeline::encode(ByteWriter& out) const {
    out.u32(timeline);
}

DatabaseTimeline DatabaseTimeline::decode(ByteReader& in) {
    return {in.u32()};
}

void CopySchema::encode(ByteWriter& out) const {
    out.u8(static_cast<std::uint8_t>(section)).boolean(last).bytes(text);
}

CopySchema CopySchema::decode(ByteReader& in) {
    CopySchema schema;
    schema.section = read_section(in);
    schema.last = in.boolean();
    schema.text = in.bytes(limits::frame_body);
    return schema;
}

void CopyTable::encode(ByteWriter& out) const {
    out.bytes(schema).bytes(table).u64(lsn.value());
    write_names(out, columns);
}

CopyTable CopyTable::decode(ByteReader& in) {
    CopyTable table;
    table.schema = in.bytes(identifier_bytes);
    table.table = in.bytes(identifier_bytes);
    table.lsn = Lsn(in.u64());
    table.columns = read_names(in, columns_limit);
    return table;
}

void CopyData::encode(ByteWriter& out) const {
    out.bytes(bytes);
}

CopyData CopyData::decode(ByteReader& in) {
    return {std::string(in.bytes(limits::frame_body))};
}

void CopyTableEnd::encode(ByteWriter& out) const {
    out.u64(rows);
}

CopyTableEnd CopyTableEnd::decode(ByteReader& in) {
    return {in.u64()};
}

void CopyEnd::encode(ByteWriter& out) const {
    out.u64(lsn.value());
}

CopyEnd CopyEnd::decode(ByteReader& in) {
    return {Lsn(in.u64())};
}

void CopyResult::encode(ByteWriter& out) const {
    out.boolean(done).u16(static_cast<std::uint16_t>(code));
    wire::write_text(out, reason);
}

CopyResult CopyResult::decode(ByteReader& in) {
    CopyResult result;
    result.done = in.boolean();
    // A number of a newer build: what it asks us to do is not known, the reason still is.
    result.code = error_code_from_wire(in.u16()).value_or(ErrorCode::unsupported);
    result.reason = wire::read_text(in);
    return result;
}

}  // namespace farshore
