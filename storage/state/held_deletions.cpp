#include "storage/state/held_deletions.hpp"

namespace farshore::storage {

namespace {

constexpr Duration joins_within = Duration::from_ms(60'000);

}  // namespace

HeldDeletions::HeldDeletions(Database& database)
    : database_(database),
      find_(database, "SELECT batch, approved FROM held_deletions WHERE tree = ?1 AND path = ?2"),
      elsewhere_(database,
                 "SELECT 1 FROM trees t CROSS JOIN entries e INDEXED BY entries_by_inode "
                 "ON e.tree = t.id AND e.inode = ?1 WHERE t.name <> ?2 AND e.filesystem = ?3 "
                 "AND e.type <> 7 AND (?4 = x'' OR e.sha256 = ?4) LIMIT 1") {}

std::uint64_t HeldDeletions::batch_for(const SourceName& tree, Timestamp now,
                                       std::uint64_t of_entries) {
    Statement newest(database_,
                     "SELECT id FROM held_batches WHERE tree = ?1 AND latest >= ?2 "
                     "ORDER BY id DESC LIMIT 1");
    newest.bind_text(1, tree.str()).bind(2, now.nanoseconds - joins_within.nanoseconds);
    if (newest.step()) {
        return newest.unsigned_integer(0);
    }
    Statement insert(database_,
                     "INSERT INTO held_batches (tree, since, latest, entries, of_entries) "
                     "VALUES (?1, ?2, ?2, 0, ?3) RETURNING id");
    insert.bind_text(1, tree.str()).bind(2, now.nanoseconds).bind(3, of_entries);
    FARSHORE_ASSERT(insert.step());
    const std::uint64_t id = insert.unsigned_integer(0);
    insert.step();  // to its end
    return id;
}

void HeldDeletions::hold(const SourceName& tree, const std::vector<std::string>& paths,
                         Timestamp now, std::uint64_t of_entries) {
    if (paths.empty()) {
        return;
    }
    const std::uint64_t batch = batch_for(tree, now, of_entries);
    Statement insert(database_,
                     "INSERT OR IGNORE INTO held_deletions (tree, path, batch, approved) "
                     "VALUES (?1, ?2, ?3, 0)");
    std::uint64_t added = 0;
    for (const std::string& path : paths) {
        insert.bind_text(1, tree.str()).bind_blob(2, path).bind(3, batch).run();
        added += database_.changes();
    }
    Statement(database_,
              "UPDATE held_batches SET entries = entries + ?2, latest = ?3 WHERE id = ?1")
        .bind(1, batch)
        .bind(2, added)
        .bind(3, now.nanoseconds)
        .run();
    Statement(database_, "DELETE FROM held_batches WHERE id = ?1 AND entries = 0")
        .bind(1, batch)
        .run();  // all of it was held already
}

void HeldDeletions::let_go(const SourceName& tree, const std::vector<std::string>& paths) {
    Statement remove(database_,
                     "DELETE FROM held_deletions WHERE tree = ?1 AND path = ?2 "
                     "RETURNING batch, approved");
    Statement count(database_, "UPDATE held_batches SET entries = entries - 1 WHERE id = ?1");
    for (const std::string& path : paths) {
        remove.bind_text(1, tree.str()).bind_blob(2, path);
        const bool was_held = remove.step() && remove.integer(1) == 0;
        if (was_held) {
            const std::int64_t batch = remove.integer(0);
            remove.step();  // to its end
            count.bind(1, batch).run();
        }
        remove.reset();
    }
    Statement(database_, "DELETE FROM held_batches WHERE entries = 0").run();
}

std::optional<std::uint64_t> HeldDeletions::approve(std::uint64_t batch) {
    Transaction transaction(database_);
    Statement known(database_, "DELETE FROM held_batches WHERE id = ?1");
    known.bind(1, batch).run();
    if (database_.changes() == 0) {
        return std::nullopt;
    }
    Statement(database_, "UPDATE held_deletions SET approved = 1 WHERE batch = ?1")
        .bind(1, batch)
        .run();
    const std::uint64_t count = database_.changes();
    transaction.commit();
    return count;
}

void HeldDeletions::approve_paths(const SourceName& tree, const std::vector<std::string>& paths) {
    Transaction transaction(database_);
    let_go(tree, paths);
    Statement insert(database_, "INSERT INTO held_deletions VALUES (?1, ?2, 0, 1)");
    for (const std::string& path : paths) {
        insert.bind_text(1, tree.str()).bind_blob(2, path).run();
    }
    transaction.commit();
}

std::vector<HeldBatch> HeldDeletions::batches() {
    Statement ask(database_,
                  "SELECT id, tree, since, latest, entries, of_entries FROM held_batches "
                  "ORDER BY id");
    std::vector<HeldBatch> found;
    while (ask.step()) {
        found.push_back({.id = ask.unsigned_integer(0),
                         .tree = SourceName(std::string(ask.bytes(1))),
                         .since = {ask.integer(2)},
                         .latest = {ask.integer(3)},
                         .entries = ask.unsigned_integer(4),
                         .of_entries = ask.unsigned_integer(5)});
    }
    return found;
}

std::vector<std::string> HeldDeletions::paths(std::uint64_t batch, std::size_t most) {
    Statement ask(database_,
                  "SELECT path FROM held_deletions WHERE batch = ?1 AND approved = 0 LIMIT ?2");
    ask.bind(1, batch).bind(2, static_cast<std::uint64_t>(most));
    std::vector<std::string> found;
    while (ask.step()) {
        found.emplace_back(ask.bytes(0));
    }
    return found;
}

std::optional<HeldPath> HeldDeletions::find(const SourceName& tree, std::string_view path) {
    find_.reset();
    find_.bind_text(1, tree.str()).bind_blob(2, path);
    std::optional<HeldPath> found;
    if (find_.step()) {
        found = HeldPath{.batch = find_.unsigned_integer(0), .approved = find_.integer(1) != 0};
    }
    find_.reset();
    return found;
}

std::vector<std::string> HeldDeletions::approved(const SourceName& tree, std::size_t most) {
    Statement ask(database_,
                  "SELECT path FROM held_deletions INDEXED BY held_approved "
                  "WHERE tree = ?1 AND approved = 1 LIMIT ?2");
    ask.bind_text(1, tree.str()).bind(2, static_cast<std::uint64_t>(most));
    std::vector<std::string> found;
    while (ask.step()) {
        found.emplace_back(ask.bytes(0));
    }
    return found;
}

bool HeldDeletions::has_any(const SourceName& tree) {
    Statement ask(database_, "SELECT 1 FROM held_deletions WHERE tree = ?1 LIMIT 1");
    return ask.bind_text(1, tree.str()).step();
}

bool HeldDeletions::is_elsewhere(const SourceName& tree, std::uint64_t filesystem,
                                 std::uint64_t inode, std::string_view sha256) {
    elsewhere_.reset();
    const bool found = elsewhere_.bind(1, inode)
                           .bind_text(2, tree.str())
                           .bind(3, filesystem)
                           .bind_blob(4, sha256)
                           .step();
    elsewhere_.reset();
    return found;
}

}  // namespace farshore::storage
