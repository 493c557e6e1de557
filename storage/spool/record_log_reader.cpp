#include "storage/spool/record_log_reader.hpp"

#include <algorithm>
#include <span>

#include "protocol/error.hpp"

namespace farshore::storage {

namespace {

constexpr std::size_t read_bytes = 512ULL << 10;

}  // namespace

SegmentReader::SegmentReader(FileSystem& files, const Handle& directory, std::uint64_t number)
    : files_(&files), file_(files.open_file(directory, segment_name(number))), number_(number) {
    if (fill(segment_header_bytes) &&
        is_segment_header(buffered().substr(0, segment_header_bytes), number)) {
        has_header_ = true;
        offset_ = segment_header_bytes;
    }
}

void SegmentReader::seek(std::uint64_t offset) {
    offset_ = offset;
    buffer_begin_ = offset;
    buffer_.clear();
}

std::string_view SegmentReader::buffered() const {
    return std::string_view(buffer_).substr(offset_ - buffer_begin_);
}

bool SegmentReader::fill(std::size_t bytes) {
    if (buffered().size() >= bytes) {
        return true;
    }
    buffer_.erase(0, offset_ - buffer_begin_);
    buffer_begin_ = offset_;
    const std::size_t had = buffer_.size();
    const std::size_t wanted = std::max(bytes, read_bytes);
    buffer_.resize(wanted);
    const std::size_t count =
        files_->read_at(file_, buffer_begin_ + had,
                        std::as_writable_bytes(std::span(buffer_.data() + had, wanted - had)));
    buffer_.resize(had + count);
    return buffer_.size() >= bytes;
}

std::optional<LogRecord> SegmentReader::next() {
    if (!has_header_ || !fill(record_header_bytes)) {
        return std::nullopt;
    }
    const auto header = decode_record_header(buffered());
    if (!header) {
        return std::nullopt;
    }
    const std::size_t size = record_header_bytes + header->length;
    if (!fill(size) || !has_right_checksum(buffered().substr(0, size), offset_)) {
        return std::nullopt;
    }
    LogRecord record;
    record.kind = header->kind;
    record.payload = buffered().substr(record_header_bytes, header->length);
    record.begin = position();
    offset_ += size;
    record.end = position();
    return record;
}

RecordLogReader::RecordLogReader(FileSystem& files, const Handle& directory, SpoolPosition from,
                                 SpoolPosition to)
    : files_(&files), directory_(&directory), to_(to), segment_(files, directory, from.segment) {
    if (segment_.has_header()) {
        segment_.seek(from.offset);
    }
}

std::optional<LogRecord> RecordLogReader::next() {
    while (segment_.position() < to_) {
        if (auto record = segment_.next()) {
            return record;
        }
        const SpoolPosition here = segment_.position();
        const bool at_end_of_file =
            here.offset ==
            files_->status(*directory_, segment_name(here.segment)).value_or(FileStatus{}).size;
        if (!segment_.has_header() || !at_end_of_file || here.segment >= to_.segment) {
            throw Error(ErrorCode::state_damaged,
                        "the spool's segment " + segment_name(here.segment) +
                            " is damaged at byte " + std::to_string(here.offset));
        }
        segment_ = SegmentReader(*files_, *directory_, here.segment + 1);
    }
    return std::nullopt;
}

}  // namespace farshore::storage
