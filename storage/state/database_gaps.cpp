#include "storage/state/database_gaps.hpp"

namespace farshore::storage {

std::uint64_t DatabaseGaps::open(const StoredGap& gap) {
    Transaction transaction(database_);
    Statement insert(database_,
                     "INSERT INTO database_gaps (name, peer, what, reason, since, told) "
                     "VALUES (?1, ?2, ?3, ?4, ?5, 0) RETURNING id");
    insert.bind_text(1, gap.database.str())
        .bind_text(2, gap.peer.str())
        .bind_text(3, gap.what)
        .bind_text(4, gap.reason)
        .bind(5, gap.since.nanoseconds);
    FARSHORE_ASSERT(insert.step());
    const std::uint64_t id = insert.unsigned_integer(0);
    insert.step();  // to its end
    transaction.commit();
    return id;
}

void DatabaseGaps::close(std::uint64_t id, Timestamp at) {
    Transaction transaction(database_);
    Statement(database_, "UPDATE database_gaps SET closed = ?2 WHERE id = ?1 AND closed IS NULL")
        .bind(1, id)
        .bind(2, at.nanoseconds)
        .run();
    transaction.commit();
}

void DatabaseGaps::set_told(const std::vector<std::uint64_t>& ids) {
    Transaction transaction(database_);
    for (const std::uint64_t id : ids) {
        Statement(database_, "UPDATE database_gaps SET told = 1 WHERE id = ?1").bind(1, id).run();
    }
    transaction.commit();
}

std::vector<StoredGap> DatabaseGaps::standing() {
    Statement ask(database_,
                  "SELECT id, name, peer, what, reason, since, closed, told FROM database_gaps "
                  "WHERE closed IS NULL OR told = 0 ORDER BY id");
    std::vector<StoredGap> found;
    while (ask.step()) {
        StoredGap gap{.id = ask.unsigned_integer(0),
                      .database = SourceName(std::string(ask.bytes(1))),
                      .peer = AgentName(std::string(ask.bytes(2))),
                      .what = std::string(ask.bytes(3)),
                      .reason = std::string(ask.bytes(4)),
                      .since = {ask.integer(5)},
                      .closed = std::nullopt,
                      .told = ask.integer(7) != 0};
        if (!ask.is_null(6)) {
            gap.closed = Timestamp{ask.integer(6)};
        }
        found.push_back(std::move(gap));
    }
    return found;
}

}  // namespace farshore::storage
