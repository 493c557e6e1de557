#include "agent/primary/postgres/change_batch.hpp"

#include "protocol/limits.hpp"

namespace farshore::primary {

void ChangeBatch::add(const ChangeRecord& record) {
    const std::size_t size = DatabaseChanges::record_header_bytes + record.message.size();
    if (changes_.records.size() + size > limits::payload_piece) {
        flush();
    }
    if (size > limits::payload_piece) {
        begin_large(record.lsn, record.message.size());
        add_to_large(record.message);
    } else {
        append_record(record, changes_.records);
    }
}

void ChangeBatch::flush() {
    if (!changes_.records.empty()) {
        send_(to_frame(changes_));
        changes_.records.clear();
    }
}

void ChangeBatch::begin_large(Lsn lsn, std::size_t bytes) {
    FARSHORE_ASSERT(missing_bytes_ == 0 && bytes > 0);
    flush();
    ByteWriter header;
    header.u32(static_cast<std::uint32_t>(bytes)).u64(lsn.value());
    piece_ = {true, false, header.take()};
    missing_bytes_ = bytes;
}

void ChangeBatch::add_to_large(std::string_view bytes) {
    FARSHORE_ASSERT(bytes.size() <= missing_bytes_);
    while (!bytes.empty()) {
        const std::string_view fits =
            bytes.substr(0, limits::payload_piece - piece_.records.size());
        piece_.records.append(fits);
        bytes.remove_prefix(fits.size());
        missing_bytes_ -= fits.size();
        piece_.last = missing_bytes_ == 0;
        if (piece_.last || piece_.records.size() == limits::payload_piece) {
            send_(to_frame(piece_));
            piece_.first = false;
            piece_.records.clear();
        }
    }
}

}  // namespace farshore::primary
