#include "storage/state/captured_entry.hpp"

namespace farshore::storage {

namespace {

void encode_time(const FileTime& time, ByteWriter& out) {
    out.i64(time.seconds).u32(time.nanoseconds);
}

FileTime decode_time(ByteReader& in) {
    FileTime time;
    time.seconds = in.i64();
    time.nanoseconds = in.u32();
    return time;
}

StatIdentity read_identity(std::string_view bytes) {
    ByteReader in(bytes);
    StatIdentity identity;
    identity.filesystem = in.u64();
    identity.inode = in.u64();
    identity.size = in.u64();
    identity.links = in.u64();
    identity.mtime = decode_time(in);
    identity.ctime = decode_time(in);
    in.finish();
    return identity;
}

}  // namespace

StatIdentity identity_of(const FileStatus& status) {
    return {.filesystem = status.filesystem,
            .inode = status.inode,
            .size = status.size,
            .links = status.links,
            .mtime = status.mtime,
            .ctime = status.ctime};
}

void encode(const StatIdentity& identity, ByteWriter& out) {
    out.u64(identity.filesystem).u64(identity.inode).u64(identity.size).u64(identity.links);
    encode_time(identity.mtime, out);
    encode_time(identity.ctime, out);
}

void bind_captured_entry(Statement& statement, int first, const CapturedEntry& entry,
                         std::string& entry_bytes, std::string& identity_bytes) {
    ByteWriter entry_out;
    encode(entry.entry, entry_out);
    entry_bytes = entry_out.take();
    ByteWriter identity_out;
    encode(entry.identity, identity_out);
    identity_bytes = identity_out.take();
    statement.bind_blob(first, entry.entry.path).bind_blob(first + 1, entry_bytes);
    if (entry.entry.sha256) {
        statement.bind(first + 2, *entry.entry.sha256);
    } else {
        statement.bind_null(first + 2);
    }
    if (entry.entry.link.empty()) {
        statement.bind_null(first + 3);
    } else {
        statement.bind_text(first + 3, entry.entry.link);
    }
    statement.bind(first + 4, entry.identity.filesystem)
        .bind(first + 5, entry.identity.inode)
        .bind_blob(first + 6, identity_bytes)
        .bind(first + 7, entry.cut.value());
}

FileEntry read_entry(std::string_view bytes) {
    try {
        ByteReader in(bytes);
        FileEntry entry = decode_file_entry(in);
        in.finish();
        return entry;
    } catch (const Error& error) {
        throw Error(ErrorCode::state_damaged,
                    "the state database holds an entry that can't be read: " + error.message());
    }
}

StatIdentity read_stat_identity(std::string_view bytes) {
    try {
        return read_identity(bytes);
    } catch (const Error& error) {
        throw Error(ErrorCode::state_damaged,
                    "the state database holds an identity that can't be read: " + error.message());
    }
}

CapturedEntry read_captured_entry(const Statement& statement, int first) {
    CapturedEntry row;
    row.entry = read_entry(statement.bytes(first));
    row.identity = read_stat_identity(statement.bytes(first + 1));
    row.cut = CutNumber(statement.unsigned_integer(first + 2));
    return row;
}

}  // namespace farshore::storage
