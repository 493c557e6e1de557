#include "agent/primary/postgres/change_batch.hpp"

#include "protocol/limits.hpp"

namespace farshore::primary {

void ChangeBatch::add(const ChangeRecord& record) {
    const std::size_t size = DatabaseChanges::record_header_bytes + record.message.size();
    if (changes_.records.size() + size > limits::payload_piece) {
        flush();
    }
    if (size > limits::payload_piece) {
        send_in_pieces(record);
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

void ChangeBatch::send_in_pieces(const ChangeRecord& record) {
    std::string_view rest = record.message;
    DatabaseChanges piece;
    ByteWriter header;
    header.u32(static_cast<std::uint32_t>(rest.size())).u64(record.lsn.value());
    piece.records = header.take();
    piece.last = false;
    while (!piece.last) {
        const std::size_t fits = limits::payload_piece - piece.records.size();
        piece.records.append(rest.substr(0, fits));
        rest.remove_prefix(std::min(fits, rest.size()));
        piece.last = rest.empty();
        send_(to_frame(piece));
        piece.first = false;
        piece.records.clear();
    }
}

}  // namespace farshore::primary
