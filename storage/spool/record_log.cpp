#include "storage/spool/record_log.hpp"

#include <algorithm>
#include <string>

#include "storage/spool/record_log_reader.hpp"

namespace farshore::storage {

RecordLog::RecordLog(FileSystem& files, Handle directory)
    : files_(files), directory_(std::move(directory)) {
    find_segments();
    if (segments_.empty()) {
        segments_.push_back({1, 0});
        writer_ = RecordLogWriter::create(files_, directory_, 1);
    } else {
        recover_last();
    }
}

void RecordLog::find_segments() {
    for (const DirectoryItem& item : files_.list(directory_)) {
        if (const auto number = parse_segment_name(item.name)) {
            const auto status = files_.status(directory_, item.name);
            segments_.push_back({*number, status.value_or(FileStatus{}).size});
        }
    }
    std::sort(segments_.begin(), segments_.end(),
              [](const Segment& a, const Segment& b) { return a.number < b.number; });
    for (std::size_t i = 1; i < segments_.size(); ++i) {
        if (segments_[i].number != segments_[i - 1].number + 1) {
            throw Error(
                ErrorCode::state_damaged,
                "the spool's segment " + segment_name(segments_[i].number - 1) + " is missing");
        }
    }
}

void RecordLog::recover_last() {
    const std::uint64_t number = segments_.back().number;
    SegmentReader segment(files_, directory_, number);
    while (segment.next()) {
    }
    if (segment.has_header()) {
        writer_ = RecordLogWriter::reopen(files_, directory_, segment.position());
    } else {
        writer_ = RecordLogWriter::create(files_, directory_, number);
    }
}

void RecordLog::roll() {
    writer_->sync();
    const SpoolPosition end = writer_->end();
    segments_.back().bytes = end.offset;
    writer_ = RecordLogWriter::create(files_, directory_, end.segment + 1);
    segments_.push_back({end.segment + 1, 0});
}

SharedFile RecordLog::prepare_sync() {
    writer_->flush();
    return writer_->file();
}

void RecordLog::truncate_to(SpoolPosition position) {
    if (position < begin() || position > end() || !is_within_segment(position)) {
        throw Error(ErrorCode::state_damaged,
                    "the spool does not reach the position " + segment_name(position.segment) +
                        "/" + std::to_string(position.offset) + " that was received");
    }
    if (position == end()) {
        return;
    }
    // From here on the writer's segment may be gone: it is not written any more, also when this
    // fails half way and is said again.
    writer_->fail();
    while (segments_.back().number > position.segment) {
        files_.unlink(directory_, segment_name(segments_.back().number));
        segments_.pop_back();
    }
    files_.sync_file(directory_);
    writer_ = RecordLogWriter::reopen(files_, directory_, position);
}

bool RecordLog::is_within_segment(SpoolPosition position) const {
    const bool is_last = position.segment == segments_.back().number;
    return is_last || position.offset <= segments_[position.segment - begin().segment].bytes;
}

void RecordLog::trim_before(std::uint64_t segment) {
    while (segments_.size() > 1 && segments_.front().number < segment) {
        files_.unlink(directory_, segment_name(segments_.front().number));
        segments_.pop_front();
    }
}

SpoolPosition RecordLog::begin() const {
    return {segments_.front().number, segment_header_bytes};
}

std::uint64_t RecordLog::bytes() const {
    std::uint64_t sum = writer_->end().offset;
    for (std::size_t i = 0; i + 1 < segments_.size(); ++i) {
        sum += segments_[i].bytes;
    }
    return sum;
}

}  // namespace farshore::storage
