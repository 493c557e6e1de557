#pragma once
// One small, sound piece of evidence of each kind: the worked example of MARKS.md.

#include "protocol/envelope.hpp"
#include "protocol/epoch_record.hpp"
#include "protocol/file_entry.hpp"
#include "protocol/manifest.hpp"
#include "protocol/mark.hpp"
#include "protocol/receipt.hpp"
#include "tests/support/test_keys.hpp"

namespace farshore::test {

inline Timestamp sample_time() {
    return *parse_rfc3339("2026-11-22T18:44:49.123456789Z");
}

// The tree "uploads" at mark 1: its root, one file, one symbolic link.
inline std::vector<FileEntry> sample_entries() {
    FileEntry root;
    root.path = ".";
    root.type = EntryType::directory;
    root.mark = MarkNumber(1);
    root.mode = 0755;
    root.uid = 33;
    root.gid = 33;
    root.mtime = {1'795'373'000, 0};
    FileEntry file = root;
    file.path = "2026/a.jpg";
    file.type = EntryType::file;
    file.mode = 0644;
    file.size = 5;
    file.sha256 = sha256("hello");
    file.xattrs = {{"user.k", "v"}};
    FileEntry folder = root;
    folder.path = "2026";
    FileEntry link = root;
    link.path = "latest";
    link.type = EntryType::symlink;
    link.mode = 0;
    link.target = "2026";
    return {root, folder, file, link};
}

inline Mark sample_mark() {
    Mark mark;
    mark.stream = StreamName("shop");
    mark.epoch = Epoch(1);
    mark.agent = AgentName("app-east");
    mark.mark = MarkNumber(1);
    mark.time = sample_time();
    mark.clock_error = Duration{1'100'000};
    mark.complete = true;
    mark.objective = Duration{30'000'000'000};
    TreeMark tree;
    tree.as_of = sample_time();
    tree.swept = sample_time();
    tree.entries = 4;
    tree.bytes = 5;
    for (const FileEntry& entry : sample_entries()) {
        tree.digest.add(entry_digest(entry));
    }
    DatabaseMark database;
    database.as_of = sample_time();
    database.uncovered = {{"public.scratch", "unlogged"}};
    database.system_identifier = "7300000000000000001";
    database.lsn = Lsn(0x16B3748);
    database.transactions = 123;
    database.digest = sha256("transactions");
    mark.sources = {{SourceName("uploads"), tree}, {SourceName("app"), database}};
    return mark;
}

inline EpochRecord sample_epoch() {
    EpochRecord record;
    record.stream = StreamName("shop");
    record.epoch = Epoch(1);
    record.primary = AgentName("app-east");
    record.opened = *parse_rfc3339("2026-11-22T18:00:00Z");
    record.reason = "first epoch of the stream";
    return record;
}

inline std::string sample_mark_envelope() {
    return seal_envelope(payload_type::mark, to_payload(sample_mark()), east_key());
}

inline Manifest sample_manifest() {
    Manifest manifest;
    manifest.stream = StreamName("shop");
    manifest.epoch = Epoch(1);
    manifest.agent = AgentName("app-east");
    manifest.sequence = Sequence(1);
    manifest.previous = sha256(to_payload(sample_epoch()));
    manifest.marks = {sample_mark_envelope()};
    return manifest;
}

inline Receipt sample_receipt() {
    Receipt receipt;
    receipt.stream = StreamName("shop");
    receipt.epoch = Epoch(1);
    receipt.agent = AgentName("app-west");
    receipt.primary = AgentName("app-east");
    receipt.sequence = Sequence(1);
    receipt.previous = sha256(to_payload(sample_epoch()));
    receipt.offset = Duration{300'000};
    receipt.offset_error = Duration{900'000};
    const Timestamp received = sample_time() + Duration{71'000'000};
    receipt.received = {
        {MarkNumber(1), received, Duration{400'000}, sha256(to_payload(sample_mark()))}};
    const Mark mark = sample_mark();
    const auto& tree = std::get<TreeMark>(mark.sources.at(SourceName("uploads")));
    receipt.applied = {{MarkNumber(1),
                        received + Duration{9'000'000},
                        {{SourceName("app"), sha256("transactions")},
                         {SourceName("uploads"), tree.digest.value()}}}};
    receipt.marks = {sample_mark_envelope()};
    return receipt;
}

}  // namespace farshore::test
