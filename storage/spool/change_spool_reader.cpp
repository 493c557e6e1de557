#include "storage/spool/change_spool_reader.hpp"

#include "protocol/error.hpp"
#include "protocol/limits.hpp"

namespace farshore::storage {

ChangeSpoolReader::ChangeSpoolReader(FileSystem& files, const Handle& directory, SpoolPosition from,
                                     SpoolPosition to, SpoolContext context)
    : log_(
          files, directory,
          context == SpoolContext::known ? from : SpoolPosition{from.segment, segment_header_bytes},
          to),
      from_(from) {}

bool ChangeSpoolReader::next() {
    while (unread_.empty()) {
        if (!load()) {
            return false;
        }
    }
    try {
        record_ = take_record(unread_);
    } catch (const Error& error) {
        // Its checksum is right, so it was written like that.
        throw Error(ErrorCode::state_damaged,
                    "the spool holds what is no change record: " + error.message());
    }
    return true;
}

// Finds the next whole records; false at the end.
bool ChangeSpoolReader::load() {
    const auto piece = log_.next();
    if (!piece) {
        return false;
    }
    position_ = piece->end;
    in_range_ = piece->begin >= from_ && piece->kind != RecordKind::relations;
    switch (piece->kind) {
        case RecordKind::changes:
        case RecordKind::relations:
            unread_ = piece->payload;
            break;
        case RecordKind::first:
        case RecordKind::middle:
        case RecordKind::last:
            assemble(*piece);
            break;
    }
    return true;
}

void ChangeSpoolReader::assemble(const LogRecord& piece) {
    if (!in_range_) {
        return;
    }
    if (piece.kind == RecordKind::first) {
        assembled_.clear();
    }
    if (assembled_.size() + piece.payload.size() >
        limits::database_record + DatabaseChanges::record_header_bytes) {
        throw Error(ErrorCode::state_damaged, "the spool holds a change record over the limit");
    }
    assembled_.append(piece.payload);
    if (piece.kind == RecordKind::last) {
        unread_ = assembled_;
    }
}

}  // namespace farshore::storage
