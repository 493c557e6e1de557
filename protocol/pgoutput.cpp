#include "protocol/pgoutput.hpp"

#include <string>

namespace farshore::pgoutput {

namespace {

[[noreturn]] void malformed(const std::string& what) {
    throw Error(ErrorCode::malformed, "a change from PostgreSQL does not parse: " + what);
}

// PostgreSQL's network order: big-endian; strings end with a zero byte.
class Reader {
  public:
    explicit Reader(std::string_view in) : in_(in) {}

    std::string_view raw(std::size_t count) {
        if (count > in_.size()) {
            malformed("it ends early");
        }
        const std::string_view bytes = in_.substr(0, count);
        in_.remove_prefix(count);
        return bytes;
    }

    template <typename T>
    T integer() {
        T value = 0;
        for (const char byte : raw(sizeof(T))) {
            value = static_cast<T>((value << 8) | static_cast<unsigned char>(byte));
        }
        return value;
    }

    std::uint8_t u8() { return static_cast<std::uint8_t>(raw(1)[0]); }
    std::uint16_t u16() { return integer<std::uint16_t>(); }
    std::uint32_t u32() { return integer<std::uint32_t>(); }
    std::uint64_t u64() { return integer<std::uint64_t>(); }
    Lsn lsn() { return Lsn(u64()); }
    std::int64_t time() { return static_cast<std::int64_t>(u64()); }
    char tag() { return raw(1)[0]; }

    std::string_view string() {
        const std::size_t end = in_.find('\0');
        if (end == std::string_view::npos) {
            malformed("a string without its end");
        }
        const std::string_view text = raw(end);
        (void)raw(1);
        return text;
    }

    // A count of things of at least `bytes` each, that the rest of the message can hold.
    std::size_t count(std::size_t number, std::size_t bytes) const {
        if (number * bytes > in_.size()) {
            malformed("it counts more than it holds");
        }
        return number;
    }

    void finish() const {
        if (!in_.empty()) {
            malformed("it goes on behind its end");
        }
    }

  private:
    std::string_view in_;
};

Value read_value(Reader& in) {
    Value value;
    const char kind = in.tag();
    switch (kind) {
        case 'n':
        case 'u':
            value.kind = static_cast<ValueKind>(kind);
            return value;
        case 't':
        case 'b':
            value.kind = static_cast<ValueKind>(kind);
            value.bytes = in.raw(in.u32());
            return value;
        default:
            malformed("a value of an unknown kind");
    }
}

Row read_row(Reader& in) {
    const std::size_t columns = in.count(in.u16(), 1);
    Row row;
    row.reserve(columns);
    for (std::size_t i = 0; i < columns; ++i) {
        row.push_back(read_value(in));
    }
    return row;
}

Begin read_begin(Reader& in) {
    Begin begin;
    begin.final_lsn = in.lsn();
    begin.commit_time = in.time();
    begin.xid = in.u32();
    return begin;
}

Commit read_commit(Reader& in) {
    if (in.u8() != 0) {
        malformed("a commit with unknown flags");
    }
    Commit commit;
    commit.commit_lsn = in.lsn();
    commit.end_lsn = in.lsn();
    commit.commit_time = in.time();
    return commit;
}

Origin read_origin(Reader& in) {
    Origin origin;
    origin.lsn = in.lsn();
    origin.name = in.string();
    return origin;
}

ReplicaIdentity read_identity(Reader& in) {
    const char identity = in.tag();
    switch (identity) {
        case 'd':
        case 'n':
        case 'f':
        case 'i':
            return static_cast<ReplicaIdentity>(identity);
        default:
            malformed("a relation with an unknown replica identity");
    }
}

Relation read_relation(Reader& in) {
    Relation relation;
    relation.id = in.u32();
    relation.schema = in.string();
    relation.name = in.string();
    relation.identity = read_identity(in);
    const std::size_t columns = in.count(in.u16(), 10);
    relation.columns.reserve(columns);
    for (std::size_t i = 0; i < columns; ++i) {
        Column column;
        const std::uint8_t flags = in.u8();
        if (flags > 1) {
            malformed("a column with unknown flags");
        }
        column.is_key = flags == 1;
        column.name = in.string();
        column.type_id = in.u32();
        column.type_modifier = static_cast<std::int32_t>(in.u32());
        relation.columns.push_back(column);
    }
    return relation;
}

Type read_type(Reader& in) {
    Type type;
    type.id = in.u32();
    type.schema = in.string();
    type.name = in.string();
    return type;
}

void require_tag(char found, char wanted) {
    if (found != wanted) {
        malformed("a row where another kind of row belongs");
    }
}

Insert read_insert(Reader& in) {
    Insert insert;
    insert.relation = in.u32();
    require_tag(in.tag(), 'N');
    insert.row = read_row(in);
    return insert;
}

OldRow read_old_row(char kind, Reader& in) {
    if (kind != 'K' && kind != 'O') {
        malformed("an old row of an unknown kind");
    }
    return {static_cast<OldRowKind>(kind), read_row(in)};
}

Update read_update(Reader& in) {
    Update update;
    update.relation = in.u32();
    char tag = in.tag();
    if (tag != 'N') {
        update.old = read_old_row(tag, in);
        tag = in.tag();
    }
    require_tag(tag, 'N');
    update.row = read_row(in);
    if (update.old && update.old->row.size() != update.row.size()) {
        malformed("an update whose rows differ in their columns");
    }
    return update;
}

Delete read_delete(Reader& in) {
    Delete removal;
    removal.relation = in.u32();
    const char kind = in.tag();
    removal.old = read_old_row(kind, in);
    return removal;
}

Truncate read_truncate(Reader& in) {
    Truncate truncate;
    const std::size_t count = in.u32();
    const std::uint8_t flags = in.u8();
    if (flags > 3 || count == 0) {
        malformed("a truncate with unknown flags or of nothing");
    }
    truncate.cascade = (flags & 1U) != 0;
    truncate.restart_identity = (flags & 2U) != 0;
    truncate.relations.reserve(in.count(count, 4));
    for (std::size_t i = 0; i < count; ++i) {
        truncate.relations.push_back(in.u32());
    }
    return truncate;
}

LogicalMessage read_logical_message(Reader& in) {
    LogicalMessage message;
    const std::uint8_t flags = in.u8();
    if (flags > 1) {
        malformed("a logical message with unknown flags");
    }
    message.transactional = flags == 1;
    message.lsn = in.lsn();
    message.prefix = in.string();
    message.content = in.raw(in.u32());
    return message;
}

Message read_message(Reader& in) {
    switch (in.tag()) {
        case begin_tag:
            return read_begin(in);
        case commit_tag:
            return read_commit(in);
        case 'O':
            return read_origin(in);
        case relation_tag:
            return read_relation(in);
        case type_tag:
            return read_type(in);
        case 'I':
            return read_insert(in);
        case 'U':
            return read_update(in);
        case 'D':
            return read_delete(in);
        case 'T':
            return read_truncate(in);
        case 'M':
            return read_logical_message(in);
        default:
            malformed("an unknown kind of message");
    }
}

}  // namespace

Result<Message> decode(std::string_view bytes) {
    try {
        Reader in(bytes);
        Message message = read_message(in);
        in.finish();
        return message;
    } catch (const Error& error) {
        return error;
    }
}

}  // namespace farshore::pgoutput
