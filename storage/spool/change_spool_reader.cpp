#include "storage/spool/change_spool_reader.hpp"

#include "protocol/bytes.hpp"
#include "protocol/error.hpp"
#include "protocol/limits.hpp"

namespace farshore::storage {

namespace {

[[noreturn]] void damaged(const std::string& what) {
    throw Error(ErrorCode::state_damaged, "the spool holds " + what);
}

}  // namespace

ChangeSpoolReader::ChangeSpoolReader(FileSystem& files, const Handle& directory, SpoolPosition from,
                                     SpoolPosition to, SpoolContext context)
    : log_(
          files, directory,
          context == SpoolContext::known ? from : SpoolPosition{from.segment, segment_header_bytes},
          to),
      from_(from) {}

bool ChangeSpoolReader::next() {
    while (unread_bytes_ > 0) {
        (void)more();
    }
    is_large_ = false;
    while (unread_.empty()) {
        if (!load()) {
            return false;
        }
        if (is_large_) {
            return true;
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

std::string_view ChangeSpoolReader::more() {
    if (unread_bytes_ == 0) {
        return {};
    }
    const std::string_view piece = next_piece();
    unread_bytes_ -= piece.size();
    return piece;
}

// Finds the next whole records, or a large one; false at the end.
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
            if (in_range_) {
                begin_large(*piece);
            }
            break;
        case RecordKind::middle:
        case RecordKind::last:
            if (in_range_) {
                damaged("a piece of a record that has no beginning");
            }
            break;
    }
    return true;
}

void ChangeSpoolReader::begin_large(const LogRecord& piece) {
    if (piece.payload.size() <= DatabaseChanges::record_header_bytes) {
        damaged("a record that does not begin");
    }
    ByteReader in(piece.payload);
    const std::uint64_t length = in.u32();
    record_.lsn = Lsn(in.u64());
    const std::string_view message = piece.payload.substr(DatabaseChanges::record_header_bytes);
    if (length > limits::database_record || message.size() > length) {
        damaged("a record of " + std::to_string(length) + " bytes in pieces of more");
    }
    unread_bytes_ = length - message.size();
    if (length > limits::whole_record) {
        record_.message = message;
        is_large_ = true;
        return;
    }
    assembled_.clear();
    assembled_.reserve(DatabaseChanges::record_header_bytes + length);
    assembled_.append(piece.payload);
    while (unread_bytes_ > 0) {
        assembled_.append(more());
    }
    unread_ = assembled_;
}

std::string_view ChangeSpoolReader::next_piece() {
    const auto piece = log_.next();
    const bool is_one =
        piece && (piece->kind == RecordKind::middle || piece->kind == RecordKind::last);
    if (!is_one || piece->payload.empty() || piece->payload.size() > unread_bytes_) {
        damaged("a record that stops in the middle");
    }
    position_ = piece->end;
    return piece->payload;
}

}  // namespace farshore::storage
