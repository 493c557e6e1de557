#include "storage/state/cut_commit.hpp"

#include <algorithm>

#include "protocol/limits.hpp"
#include "protocol/tree_digest.hpp"

namespace farshore::storage {

CutCommit::CutCommit(PrimaryState& state) : state_(state), transaction_(state.database_) {
    const CutStanding standing = state.standing();
    cut_ = standing.cut.next();
    mark_ = standing.mark.next();
}

CapturedTotals& CutCommit::totals_of(const SourceName& tree) {
    const auto known = totals_.find(tree);
    return known != totals_.end() ? known->second : totals_[tree] = state_.tree(tree).totals;
}

CapturedTotals CutCommit::totals(const SourceName& tree) {
    return totals_of(tree);
}

void CutCommit::take_out(const SourceName& tree, const FileEntry& entry) {
    CapturedTotals& totals = totals_of(tree);
    TreeDigest digest(totals.digest);
    digest.subtract(entry_digest(entry));
    totals.digest = digest.value();
    totals.entries -= 1;
    totals.bytes -= entry.size;
}

void CutCommit::write(const SourceName& tree, const CapturedEntry& entry) {
    std::string entry_bytes;
    std::string identity_bytes;
    Statement insert(state_.database_,
                     "INSERT OR REPLACE INTO entries (tree, type, path, entry, sha256, link, "
                     "filesystem, inode, identity, cut, large) VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
                     "?7, ?8, ?9, ?10, ?11)");
    insert.bind(1, state_.tree_id(tree)).bind(2, static_cast<int>(entry.entry.type));
    bind_captured_entry(insert, 3, entry, entry_bytes, identity_bytes);
    if (entry.entry.type == EntryType::file && entry.entry.size > limits::small_file) {
        insert.bind(11, entry.entry.size);
    } else {
        insert.bind_null(11);
    }
    insert.run();
}

void CutCommit::put(const SourceName& tree, const CapturedEntry& entry) {
    FARSHORE_ASSERT(entry.entry.type != EntryType::deleted);
    if (const auto before = state_.find(tree, entry.entry.path)) {
        take_out(tree, before->entry);
    }
    CapturedEntry row = entry;
    row.cut = cut_;
    row.entry.mark = mark_;
    CapturedTotals& totals = totals_of(tree);
    TreeDigest digest(totals.digest);
    digest.add(entry_digest(row.entry));
    totals.digest = digest.value();
    totals.entries += 1;
    totals.bytes += row.entry.size;
    write(tree, row);
}

bool CutCommit::remove(const SourceName& tree, std::string_view path) {
    const auto before = state_.find(tree, path);
    if (!before) {
        return false;
    }
    take_out(tree, before->entry);
    CapturedEntry tombstone;
    tombstone.entry.path = std::string(path);
    tombstone.entry.type = EntryType::deleted;
    tombstone.entry.mark = mark_;
    tombstone.cut = cut_;
    write(tree, tombstone);
    return true;
}

void CutCommit::refresh(const SourceName& tree, std::string_view path,
                        const StatIdentity& identity) {
    auto row = state_.find(tree, path);
    if (row) {
        row->identity = identity;
        write(tree, *row);
    }
}

void CutCommit::set_scanned(const SourceName& tree, bool first_scan_done,
                            std::optional<Timestamp> swept) {
    Statement update(state_.database_,
                     "UPDATE trees SET first_scan_done = ?2, swept = ?3 WHERE id = ?1");
    update.bind(1, state_.tree_id(tree)).bind(2, first_scan_done ? 1 : 0);
    if (swept) {
        update.bind(3, swept->nanoseconds);
    } else {
        update.bind_null(3);
    }
    update.run();
}

void CutCommit::set_database(const SourceName& database, const StreamPosition& position,
                             const std::vector<StoredTransaction>& unmarked) {
    const auto positions = state_.database_positions();
    const auto before = positions.find(database);
    const bool is_other_log = before != positions.end() && before->second.system != position.system;
    Statement(state_.database_,
              "INSERT INTO database_positions (name, lsn, system_identifier) VALUES (?1, ?2, ?3) "
              "ON CONFLICT (name) DO UPDATE SET lsn = ?2, system_identifier = ?3")
        .bind_text(1, database.str())
        .bind(2, position.lsn.value())
        .bind_text(3, position.system)
        .run();
    write_unmarked(database, is_other_log, unmarked);
}

// Writes what is not there yet: between two marks every cut has all transactions since the first.
void CutCommit::write_unmarked(const SourceName& database, bool is_other_log,
                               const std::vector<StoredTransaction>& unmarked) {
    const auto erase = [&](std::string_view which, Lsn lsn) {
        Statement(state_.database_,
                  "DELETE FROM unmarked_transactions WHERE name = ?1 AND commit_end " +
                      std::string(which) + " ?2")
            .bind_text(1, database.str())
            .bind(2, lsn.value())
            .run();
    };
    if (unmarked.empty() || is_other_log) {
        erase(">=", Lsn());
    } else {
        erase("<", unmarked.front().commit_end);
        erase(">", unmarked.back().commit_end);
    }
    Statement newest(state_.database_,
                     "SELECT coalesce(max(commit_end), 0) FROM unmarked_transactions "
                     "WHERE name = ?1");
    newest.bind_text(1, database.str()).step();
    const Lsn written(newest.unsigned_integer(0));
    Statement insert(state_.database_, "INSERT INTO unmarked_transactions VALUES (?1, ?2, ?3)");
    const auto is_behind = [](Lsn lsn, const StoredTransaction& transaction) {
        return lsn < transaction.commit_end;
    };
    auto each = std::upper_bound(unmarked.begin(), unmarked.end(), written, is_behind);
    for (; each != unmarked.end(); ++each) {
        insert.bind_text(1, database.str())
            .bind(2, each->commit_end.value())
            .bind(3, each->sha256)
            .run();
    }
}

void CutCommit::seal(bool complete, std::string_view envelope) {
    FARSHORE_ASSERT(!sealed_);
    sealed_ = true;
    Statement(state_.database_,
              "INSERT INTO marks (mark, cut, complete, envelope) VALUES (?1, ?2, ?3, ?4)")
        .bind(1, mark_.value())
        .bind(2, cut_.value())
        .bind(3, complete ? 1 : 0)
        .bind_blob(4, envelope)
        .run();
}

void CutCommit::commit() {
    for (const auto& [tree, totals] : totals_) {
        Statement(state_.database_,
                  "UPDATE trees SET digest = ?2, entries = ?3, bytes = ?4 WHERE id = ?1")
            .bind(1, state_.tree_id(tree))
            .bind(2, totals.digest)
            .bind(3, totals.entries)
            .bind(4, totals.bytes)
            .run();
    }
    Statement(state_.database_, "INSERT INTO cut_identities (cut, identity) VALUES (?1, ?2)")
        .bind(1, cut_.value())
        .bind_blob(2, identity_)
        .run();
    const std::uint64_t mark = sealed_ ? mark_.value() : mark_.value() - 1;
    Statement(state_.database_, "UPDATE primary_standing SET cut = ?1, mark = ?2")
        .bind(1, cut_.value())
        .bind(2, mark)
        .run();
    transaction_.commit();
}

}  // namespace farshore::storage
