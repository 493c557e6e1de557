#include "storage/spool/change_spool.hpp"

#include "protocol/error.hpp"
#include "protocol/pgoutput.hpp"

namespace farshore::storage {

namespace {

constexpr std::size_t relations_piece_bytes = 1ULL << 20;

Handle open_or_make(FileSystem& files, const Handle& parent, const std::string& name) {
    if (!files.status(parent, name)) {
        files.make_directory(parent, name, 0700);
        files.sync_file(parent);
    }
    return files.open_directory(parent, name);
}

[[noreturn]] void malformed(const std::string& what) {
    throw Error(ErrorCode::malformed, "changes from the primary do not fit together: " + what);
}

template <typename M>
M decode_as(std::string_view message) {
    return std::get<M>(pgoutput::decode(message).take());
}

}  // namespace

ChangeSpool::ChangeSpool(FileSystem& files, const Handle& parent, const std::string& name,
                         const Options& options)
    : files_(files),
      options_(options),
      log_(files, open_or_make(files, parent, name)),
      commits_(options.index_entries),
      session_begin_(log_.end()) {}

void ChangeSpool::truncate_to(SpoolPosition position) {
    const std::lock_guard lock(mutex_);
    log_.truncate_to(position);
    commits_.clear();
    session_begin_ = log_.end();
    ++session_;
}

void ChangeSpool::begin_session(Lsn received) {
    const std::lock_guard lock(mutex_);
    session_begin_ = log_.end();
    session_received_ = received;
    ++session_;
    commits_.clear();
    pending_.clear();
    relations_.clear();
    large_missing_bytes_ = 0;
}

void ChangeSpool::append(const DatabaseChanges& piece) {
    const std::lock_guard lock(mutex_);
    if (piece.first && piece.last) {
        if (large_missing_bytes_ > 0) {
            malformed("a record stops in the middle");
        }
        append_whole(piece.records);
    } else {
        append_large(piece);
    }
}

void ChangeSpool::append_whole(std::string_view records) {
    while (!records.empty()) {
        const std::string_view rest = records;
        const ChangeRecord record = take_record(records);
        note(record, rest.substr(0, rest.size() - records.size()));
    }
    flush_pending();
}

void ChangeSpool::note(const ChangeRecord& record, std::string_view bytes) {
    pending_.append(bytes);
    if (record.message[0] == pgoutput::relation_tag) {
        relations_[decode_as<pgoutput::Relation>(record.message).id] = bytes;
    } else if (record.message[0] == pgoutput::commit_tag) {
        const Lsn end = decode_as<pgoutput::Commit>(record.message).end_lsn;
        if (commits_.last() && end <= commits_.last()->commit_end) {
            malformed("a transaction that ends at " + to_string(end) + " after one that ends at " +
                      to_string(commits_.last()->commit_end));
        }
        // The transaction ends with a log record, so that a position can stand behind it.
        flush_pending();
        commits_.add({end, log_.end()});
    }
}

void ChangeSpool::append_large(const DatabaseChanges& piece) {
    std::string_view bytes = piece.records;
    if (piece.first != (large_missing_bytes_ == 0)) {
        malformed("a record begins where another goes on, or goes on without a beginning");
    }
    if (piece.first) {
        ByteReader in(bytes);
        const std::uint64_t length = in.u32();
        (void)in.u64();
        const char tag = in.raw(1)[0];
        if (length > limits::database_record || tag == pgoutput::relation_tag ||
            tag == pgoutput::commit_tag) {
            malformed("a record that can not come in pieces");
        }
        large_missing_bytes_ = length + DatabaseChanges::record_header_bytes;
    }
    if (bytes.size() > large_missing_bytes_ ||
        piece.last != (bytes.size() == large_missing_bytes_)) {
        malformed("the pieces of a record are not its length");
    }
    write(piece.first  ? RecordKind::first
          : piece.last ? RecordKind::last
                       : RecordKind::middle,
          bytes);
    large_missing_bytes_ -= bytes.size();
}

void ChangeSpool::flush_pending() {
    if (!pending_.empty()) {
        write(RecordKind::changes, pending_);
        pending_.clear();
    }
}

void ChangeSpool::write(RecordKind kind, std::string_view payload) {
    // Never within a record that comes in pieces.
    if (log_.end().offset >= options_.segment_bytes && large_missing_bytes_ == 0) {
        roll();
    }
    log_.append(kind, payload);
}

void ChangeSpool::roll() {
    log_.roll();
    std::string records;
    for (const auto& [id, record] : relations_) {
        records.append(record);
        if (records.size() >= relations_piece_bytes) {
            log_.append(RecordKind::relations, records);
            records.clear();
        }
    }
    if (!records.empty()) {
        log_.append(RecordKind::relations, records);
    }
}

std::uint64_t ChangeSpool::session() const {
    const std::lock_guard lock(mutex_);
    return session_;
}

Lsn ChangeSpool::last_commit() const {
    const std::lock_guard lock(mutex_);
    return commits_.last() ? commits_.last()->commit_end : Lsn();
}

void ChangeSpool::sync() {
    SharedFile file;
    {
        const std::lock_guard lock(mutex_);
        file = log_.prepare_sync();
    }
    // Outside of the lock: the lane goes on filling the spool meanwhile. A roll in between syncs
    // this file itself.
    try {
        files_.sync_file(*file);
    } catch (const Error&) {
        const std::lock_guard lock(mutex_);
        log_.fail();
        throw;
    }
    // A write that failed is told to one of two who sync at a time: perhaps to that roll.
    const std::lock_guard lock(mutex_);
    log_.require_sound();
}

SpoolPosition ChangeSpool::position_at(Lsn lsn) const {
    SpoolPosition from;
    SpoolPosition to;
    {
        const std::lock_guard lock(mutex_);
        const auto entry = commits_.floor(lsn);
        const auto& last = commits_.last();
        if (entry && (commits_.is_whole() || last->commit_end <= lsn)) {
            return entry->position;
        }
        if (entry) {
            from = entry->position;
            to = last->position;
        } else if (lsn >= session_received_) {
            // The index always keeps a session's first transaction: it is behind `lsn`.
            return session_begin_;
        } else {
            from = log_.begin();
            to = session_begin_;
        }
    }
    return scan(from, to, lsn);
}

// Reads on from a transaction's end to the last one at or before `lsn`.
SpoolPosition ChangeSpool::scan(SpoolPosition from, SpoolPosition to, Lsn lsn) const {
    ChangeSpoolReader in = reader(from, to, SpoolContext::known);
    SpoolPosition found = from;
    while (in.next()) {
        if (in.in_range() && in.record().message[0] == pgoutput::commit_tag) {
            if (decode_as<pgoutput::Commit>(in.record().message).end_lsn > lsn) {
                break;
            }
            found = in.position();
        }
    }
    return found;
}

void ChangeSpool::release_up_to(SpoolPosition position) {
    const std::lock_guard lock(mutex_);
    log_.trim_before(position.segment);
}

void ChangeSpool::clear() {
    const std::lock_guard lock(mutex_);
    log_.roll();
    log_.trim_before(log_.end().segment);
}

ChangeSpoolReader ChangeSpool::reader(SpoolPosition from, SpoolPosition to,
                                      SpoolContext context) const {
    const std::lock_guard lock(mutex_);
    if (from == SpoolPosition{}) {
        from = log_.begin();
    }
    if (from < log_.begin() || to > log_.end()) {
        throw Error(ErrorCode::state_damaged,
                    "the spool does not hold what the state says: it was moved or removed");
    }
    log_.flush_up_to(to);
    return {files_, log_.directory(), from, to, context};
}

SpoolPosition ChangeSpool::begin() const {
    const std::lock_guard lock(mutex_);
    return log_.begin();
}

SpoolPosition ChangeSpool::end() const {
    const std::lock_guard lock(mutex_);
    return log_.end();
}

std::uint64_t ChangeSpool::bytes() const {
    const std::lock_guard lock(mutex_);
    return log_.bytes();
}

}  // namespace farshore::storage
