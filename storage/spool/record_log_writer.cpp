#include "storage/spool/record_log_writer.hpp"

#include <span>

namespace farshore::storage {

namespace {

// Enough for writes to be cheap, little enough to be at hand for readers soon.
constexpr std::size_t buffer_bytes = 512ULL << 10;

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace

RecordLogWriter RecordLogWriter::create(FileSystem& files, const Handle& directory,
                                        std::uint64_t number) {
    const std::string name = segment_name(number);
    files.unlink(directory, name);
    auto file = std::make_shared<const Handle>(files.create_file(directory, name));
    files.write_at(*file, 0, bytes_of(encode_segment_header(number)));
    files.sync_file(*file);
    files.sync_file(directory);
    return {files, std::move(file), {number, segment_header_bytes}};
}

RecordLogWriter RecordLogWriter::reopen(FileSystem& files, const Handle& directory,
                                        SpoolPosition end) {
    auto file =
        std::make_shared<const Handle>(files.open_append(directory, segment_name(end.segment)));
    // Cut before anything is appended: else an old record that the disk still had could stand
    // behind a new one after a crash.
    if (files.status(*file).size != end.offset) {
        files.truncate(*file, end.offset);
    }
    files.sync_file(*file);
    return {files, std::move(file), end};
}

void RecordLogWriter::append(RecordKind kind, std::string_view payload) {
    require_sound();
    encode_record(kind, payload, offset_ + buffer_.size(), buffer_);
    if (buffer_.size() >= buffer_bytes) {
        flush();
    }
}

void RecordLogWriter::flush() {
    require_sound();
    if (buffer_.empty()) {
        return;
    }
    // A write that failed half way may be tried again: it writes the same bytes to the same place.
    files_->write_at(*file_, offset_, bytes_of(buffer_));
    offset_ += buffer_.size();
    buffer_.clear();
}

void RecordLogWriter::flush_up_to(SpoolPosition position) {
    if (position > SpoolPosition{number_, offset_}) {
        flush();
    }
}

void RecordLogWriter::sync() {
    flush();
    try {
        files_->sync_file(*file_);
    } catch (const Error&) {
        failed_ = true;
        throw;
    }
}

void RecordLogWriter::require_sound() const {
    if (failed_) {
        throw Error(ErrorCode::sync_failed,
                    "the spool can not be written any more: an earlier sync or cut failed");
    }
}

}  // namespace farshore::storage
