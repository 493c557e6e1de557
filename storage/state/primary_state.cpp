#include "storage/state/primary_state.hpp"

#include <sqlite3.h>

#include "storage/state/primary_schema.hpp"

namespace farshore::storage {

namespace {

constexpr std::string_view live = " AND type <> 7";  // EntryType::deleted
static_assert(static_cast<int>(EntryType::deleted) == 7);

StoredMark read_mark(const Statement& statement) {
    return {.mark = MarkNumber(statement.unsigned_integer(0)),
            .cut = CutNumber(statement.unsigned_integer(1)),
            .complete = statement.integer(2) != 0,
            .envelope = std::string(statement.bytes(3))};
}

}  // namespace

PrimaryState::PrimaryState(const std::string& path) : database_(path) {
    database_.migrate(primary_migrations);
}

CutStanding PrimaryState::standing() {
    Statement ask(database_, "SELECT epoch, cut, mark FROM primary_standing");
    ask.step();
    return {.epoch = Epoch(ask.unsigned_integer(0)),
            .cut = CutNumber(ask.unsigned_integer(1)),
            .mark = MarkNumber(ask.unsigned_integer(2))};
}

void PrimaryState::set_epoch(Epoch epoch) {
    Transaction transaction(database_);
    Statement(database_, "UPDATE primary_standing SET epoch = ?1").bind(1, epoch.value()).run();
    transaction.commit();
}

std::optional<StoredMark> PrimaryState::newest_mark(CutNumber up_to) {
    Statement ask(database_,
                  "SELECT mark, cut, complete, envelope FROM marks NOT INDEXED WHERE cut <= ?1 "
                  "ORDER BY mark DESC LIMIT 1");
    ask.bind(1, up_to.value());
    return ask.step() ? std::optional(read_mark(ask)) : std::nullopt;
}

std::optional<StoredMark> PrimaryState::newest_complete_mark(CutNumber up_to) {
    Statement ask(database_,
                  "SELECT mark, cut, complete, envelope FROM marks NOT INDEXED "
                  "WHERE complete = 1 AND cut <= ?1 ORDER BY mark DESC LIMIT 1");
    ask.bind(1, up_to.value());
    return ask.step() ? std::optional(read_mark(ask)) : std::nullopt;
}

void PrimaryState::marks_between(CutNumber after, CutNumber up_to,
                                 const std::function<void(const StoredMark&)>& each) {
    Statement ask(database_,
                  "SELECT mark, cut, complete, envelope FROM marks WHERE cut > ?1 AND cut <= ?2 "
                  "ORDER BY mark");
    ask.bind(1, after.value()).bind(2, up_to.value());
    while (ask.step()) {
        each(read_mark(ask));
    }
}

std::vector<StoredMark> PrimaryState::marks_above(MarkNumber mark, std::size_t most) {
    Statement ask(database_,
                  "SELECT mark, cut, complete, envelope FROM marks WHERE mark > ?1 ORDER BY mark "
                  "LIMIT ?2");
    ask.bind(1, mark.value()).bind(2, static_cast<std::uint64_t>(most));
    std::vector<StoredMark> found;
    while (ask.step()) {
        found.push_back(read_mark(ask));
    }
    return found;
}

bool PrimaryState::forget(const Forgettable& what, std::size_t most) {
    Transaction transaction(database_);
    const std::uint64_t limit = most;
    // Said before it is so: a crash between the two must not hide it.
    Statement(database_, "UPDATE primary_standing SET forgotten = max(forgotten, ?1)")
        .bind(1, what.tombstones.value())
        .run();
    // After a restart RPO and complete RPO are counted from the newest and the newest complete one.
    Statement(database_,
              "DELETE FROM marks WHERE mark IN (SELECT mark FROM marks WHERE mark <= ?1 "
              "AND mark <> (SELECT max(mark) FROM marks) AND mark <> coalesce((SELECT max(mark) "
              "FROM marks WHERE complete = 1), 0) ORDER BY mark LIMIT ?2)")
        .bind(1, what.marks.value())
        .bind(2, limit)
        .run();
    bool more = database_.changes() == limit;
    Statement(database_,
              "DELETE FROM entries WHERE (tree, path) IN (SELECT tree, path FROM entries "
              "INDEXED BY tombstones WHERE type = 7 AND cut <= ?1 LIMIT ?2)")
        .bind(1, what.tombstones.value())
        .bind(2, limit)
        .run();
    more = more || database_.changes() == limit;
    Statement(database_,
              "DELETE FROM cut_identities WHERE cut IN (SELECT cut FROM cut_identities "
              "WHERE cut <= ?1 AND cut < (SELECT cut FROM primary_standing) "
              "ORDER BY cut LIMIT ?2)")
        .bind(1, what.identities.value())
        .bind(2, limit)
        .run();
    more = more || database_.changes() == limit;
    transaction.commit();
    return more;
}

CutNumber PrimaryState::forgotten() {
    Statement ask(database_, "SELECT forgotten FROM primary_standing");
    ask.step();
    return CutNumber(ask.unsigned_integer(0));
}

std::optional<std::string> PrimaryState::cut_identity(CutNumber cut) {
    Statement ask(database_, "SELECT identity FROM cut_identities WHERE cut = ?1");
    ask.bind(1, cut.value());
    return ask.step() ? std::optional(std::string(ask.bytes(0))) : std::nullopt;
}

std::map<SourceName, StreamPosition> PrimaryState::database_positions() {
    Statement ask(database_, "SELECT name, lsn, system_identifier FROM database_positions");
    std::map<SourceName, StreamPosition> positions;
    while (ask.step()) {
        positions[SourceName(std::string(ask.bytes(0)))] = {.system = std::string(ask.bytes(2)),
                                                            .lsn = Lsn(ask.unsigned_integer(1))};
    }
    return positions;
}

std::vector<StoredTransaction> PrimaryState::unmarked_transactions(const SourceName& database) {
    Statement ask(database_,
                  "SELECT commit_end, sha256 FROM unmarked_transactions WHERE name = ?1 "
                  "ORDER BY commit_end");
    ask.bind_text(1, database.str());
    std::vector<StoredTransaction> found;
    while (ask.step()) {
        found.push_back({Lsn(ask.unsigned_integer(0)), ask.digest(1)});
    }
    return found;
}

std::int64_t PrimaryState::tree_id(const SourceName& tree) {
    const auto known = tree_ids_.find(tree);
    if (known != tree_ids_.end()) {
        return known->second;
    }
    Statement ask(database_, "SELECT id FROM trees WHERE name = ?1");
    ask.bind_text(1, tree.str());
    if (!ask.step()) {
        // Only when it is not there: a reader in a read transaction must not become a writer.
        Statement(database_, "INSERT INTO trees (name) VALUES (?1)").bind_text(1, tree.str()).run();
        ask.reset();
        ask.bind_text(1, tree.str());
        FARSHORE_ASSERT(ask.step());
    }
    const std::int64_t id = ask.integer(0);
    // A number that was given within a transaction may be rolled back with it.
    if (sqlite3_get_autocommit(database_.raw()) != 0) {
        tree_ids_[tree] = id;
    }
    return id;
}

TreeStanding PrimaryState::tree(const SourceName& tree) {
    Statement ask(database_,
                  "SELECT digest, entries, bytes, marker_id, root_filesystem, root_inode, "
                  "first_scan_done, swept FROM trees WHERE id = ?1");
    ask.bind(1, tree_id(tree)).step();
    TreeStanding standing;
    standing.totals = {.digest = ask.digest(0),
                       .entries = ask.unsigned_integer(1),
                       .bytes = ask.unsigned_integer(2)};
    if (!ask.is_null(3)) {
        standing.marker_id = std::string(ask.bytes(3));
    }
    standing.root_filesystem = ask.unsigned_integer(4);
    standing.root_inode = ask.unsigned_integer(5);
    standing.first_scan_done = ask.integer(6) != 0;
    if (!ask.is_null(7)) {
        standing.swept = Timestamp{ask.integer(7)};
    }
    return standing;
}

void PrimaryState::set_root(const SourceName& tree, const std::string& marker_id,
                            std::uint64_t filesystem, std::uint64_t inode) {
    const std::int64_t id = tree_id(tree);
    Transaction transaction(database_);
    Statement(database_,
              "UPDATE trees SET marker_id = ?2, root_filesystem = ?3, root_inode = ?4 "
              "WHERE id = ?1")
        .bind(1, id)
        .bind_text(2, marker_id)
        .bind(3, filesystem)
        .bind(4, inode)
        .run();
    transaction.commit();
}

std::optional<CapturedEntry> PrimaryState::find(const SourceName& tree, std::string_view path) {
    Statement ask(database_, std::string("SELECT entry, identity, cut FROM entries "
                                         "WHERE tree = ?1 AND path = ?2") +
                                 std::string(live));
    ask.bind(1, tree_id(tree)).bind_blob(2, path);
    return ask.step() ? std::optional(read_captured_entry(ask, 0)) : std::nullopt;
}

std::vector<std::string> PrimaryState::paths_of_inode(const SourceName& tree,
                                                      std::uint64_t filesystem,
                                                      std::uint64_t inode) {
    Statement ask(database_, std::string("SELECT path FROM entries INDEXED BY entries_by_inode "
                                         "WHERE tree = ?1 AND inode = ?2 AND filesystem = ?3") +
                                 std::string(live));
    ask.bind(1, tree_id(tree)).bind(2, inode).bind(3, filesystem);
    std::vector<std::string> paths;
    while (ask.step()) {
        paths.emplace_back(ask.bytes(0));
    }
    return paths;
}

std::vector<FileEntry> PrimaryState::large_files_of_size(const SourceName& tree, std::uint64_t size,
                                                         std::size_t limit) {
    Statement ask(database_,
                  "SELECT entry, identity, cut FROM entries INDEXED BY entries_by_large "
                  "WHERE tree = ?1 AND large = ?2 LIMIT ?3");
    ask.bind(1, tree_id(tree)).bind(2, size).bind(3, std::uint64_t{limit});
    std::vector<FileEntry> files;
    while (ask.step()) {
        files.push_back(read_captured_entry(ask, 0).entry);
    }
    return files;
}

std::vector<std::string> PrimaryState::outdated_paths_of_inode(const SourceName& tree,
                                                               const StatIdentity& now) {
    ByteWriter identity;
    encode(now, identity);
    const std::string bytes = identity.take();
    Statement ask(database_, std::string("SELECT path FROM entries INDEXED BY entries_by_inode "
                                         "WHERE tree = ?1 AND inode = ?2 AND filesystem = ?3 "
                                         "AND identity <> ?4") +
                                 std::string(live));
    ask.bind(1, tree_id(tree)).bind(2, now.inode).bind(3, now.filesystem).bind_blob(4, bytes);
    std::vector<std::string> paths;
    while (ask.step()) {
        paths.emplace_back(ask.bytes(0));
    }
    return paths;
}

bool PrimaryState::has_content(const SourceName& tree, const Digest& sha256) {
    Statement ask(database_,
                  "SELECT 1 FROM entries INDEXED BY entries_by_content "
                  "WHERE tree = ?1 AND sha256 = ?2 LIMIT 1");
    ask.bind(1, tree_id(tree)).bind(2, sha256);
    return ask.step();
}

void PrimaryState::walk(const SourceName& tree, std::string_view after,
                        const std::function<bool(const CapturedEntry&)>& each) {
    Statement ask(database_, std::string("SELECT entry, identity, cut FROM entries "
                                         "WHERE tree = ?1 AND path > ?2") +
                                 std::string(live) + " ORDER BY path");
    ask.bind(1, tree_id(tree)).bind_blob(2, after);
    while (ask.step() && each(read_captured_entry(ask, 0))) {
    }
}

void PrimaryState::walk_identities(
    const SourceName& tree, std::string_view after,
    const std::function<bool(std::string_view path, const StatIdentity&)>& each) {
    Statement ask(database_,
                  std::string("SELECT path, identity FROM entries WHERE tree = ?1 AND path > ?2") +
                      std::string(live) + " ORDER BY path");
    ask.bind(1, tree_id(tree)).bind_blob(2, after);
    while (ask.step() && each(ask.bytes(0), read_stat_identity(ask.bytes(1)))) {
    }
}

std::vector<std::string> PrimaryState::paths_below(const SourceName& tree, std::string_view path) {
    Statement ask(database_, std::string("SELECT path FROM entries WHERE tree = ?1 "
                                         "AND path > ?2 AND path < ?3") +
                                 std::string(live) + " ORDER BY path");
    // '0' is the byte after '/': between the two lies everything below the directory.
    const std::string from = std::string(path) + "/";
    const std::string to = std::string(path) + "0";
    ask.bind(1, tree_id(tree)).bind_blob(2, from).bind_blob(3, to);
    std::vector<std::string> paths;
    while (ask.step()) {
        paths.emplace_back(ask.bytes(0));
    }
    return paths;
}

void PrimaryState::changes_since(const SourceName& tree, CutNumber base,
                                 const std::function<void(const FileEntry&)>& each) {
    Statement ask(database_,
                  "SELECT entry FROM entries INDEXED BY entries_by_cut "
                  "WHERE tree = ?1 AND cut > ?2");
    ask.bind(1, tree_id(tree)).bind(2, base.value());
    while (ask.step()) {
        each(read_entry(ask.bytes(0)));
    }
}

void PrimaryState::sorted_changes_since(const SourceName& tree, CutNumber base,
                                        const std::function<void(const FileEntry&)>& each) {
    // By the cut, unless it is everything: else SQLite reads the whole tree for the sake of its
    // order, each upload interval.
    const std::string_view index = base.is_zero() ? "" : "INDEXED BY entries_by_cut ";
    Statement ask(database_, "SELECT entry FROM entries " + std::string(index) +
                                 "WHERE tree = ?1 AND cut > ?2 ORDER BY path");
    ask.bind(1, tree_id(tree)).bind(2, base.value());
    while (ask.step()) {
        each(read_entry(ask.bytes(0)));
    }
}

std::vector<SourceName> PrimaryState::rejoining(const std::vector<SourceName>& trees) {
    Statement ask(database_,
                  "SELECT 1 FROM trees WHERE name = ?1 AND configured = 0 "
                  "AND (marker_id IS NOT NULL OR entries > 0)");
    std::vector<SourceName> found;
    for (const SourceName& tree : trees) {
        if (ask.bind_text(1, tree.str()).step()) {
            found.push_back(tree);
        }
        ask.reset();
    }
    return found;
}

void PrimaryState::set_configured(const std::vector<SourceName>& trees) {
    Transaction transaction(database_);
    for (const SourceName& tree : rejoining(trees)) {
        Statement(database_,
                  "UPDATE trees SET rejoined = (SELECT cut + 1 FROM primary_standing) "
                  "WHERE name = ?1")
            .bind_text(1, tree.str())
            .run();
    }
    database_.execute("UPDATE trees SET configured = 0");
    for (const SourceName& tree : trees) {
        Statement(database_, "UPDATE trees SET configured = 1 WHERE id = ?1")
            .bind(1, tree_id(tree))
            .run();
    }
    transaction.commit();
}

CutNumber PrimaryState::rejoined(const SourceName& tree) {
    Statement ask(database_, "SELECT rejoined FROM trees WHERE id = ?1");
    ask.bind(1, tree_id(tree)).step();
    return CutNumber(ask.unsigned_integer(0));
}

std::optional<PeerStanding> PrimaryState::peer(const AgentName& name) {
    Statement ask(database_,
                  "SELECT received_cut, applied_cut, received_mark FROM peers WHERE name = ?1");
    ask.bind_text(1, name.str());
    if (!ask.step()) {
        return std::nullopt;
    }
    return PeerStanding{.received_cut = CutNumber(ask.unsigned_integer(0)),
                        .applied_cut = CutNumber(ask.unsigned_integer(1)),
                        .received_mark = MarkNumber(ask.unsigned_integer(2))};
}

CutNumber PrimaryState::furthest_received() {
    Statement ask(database_, "SELECT coalesce(max(received_cut), 0) FROM peers");
    ask.step();
    return CutNumber(ask.unsigned_integer(0));
}

void PrimaryState::set_peer(const AgentName& name, const PeerStanding& standing) {
    Transaction transaction(database_);
    Statement(database_,
              "INSERT INTO peers (name, received_cut, applied_cut, received_mark) "
              "VALUES (?1, ?2, ?3, ?4) ON CONFLICT (name) DO UPDATE SET received_cut = ?2, "
              "applied_cut = ?3, received_mark = ?4")
        .bind_text(1, name.str())
        .bind(2, standing.received_cut.value())
        .bind(3, standing.applied_cut.value())
        .bind(4, standing.received_mark.value())
        .run();
    transaction.commit();
}

}  // namespace farshore::storage
