#include "agent/history/evidence_history.hpp"

#include <algorithm>
#include <memory>

namespace farshore::history {

namespace {

// Temporary: gone with the connection, and never worth a sync.
storage::Database open_scratch() {
    storage::Database database{std::string()};
    database.execute(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
        "CREATE TABLE mark (epoch INTEGER, mark INTEGER, time INTEGER NOT NULL,"
        "                   clock_error INTEGER, as_of INTEGER, slowest TEXT NOT NULL,"
        "                   PRIMARY KEY (epoch, mark)) WITHOUT ROWID;"
        "CREATE INDEX mark_by_time ON mark (time);"
        "CREATE TABLE received (at INTEGER NOT NULL, epoch INTEGER, mark INTEGER,"
        "                       clock_error INTEGER, offset INTEGER, offset_error INTEGER);"
        "CREATE INDEX received_by_time ON received (at);"
        "CREATE TABLE applied (at INTEGER NOT NULL, epoch INTEGER, mark INTEGER,"
        "                      clock_error INTEGER, offset INTEGER, offset_error INTEGER);"
        "CREATE INDEX applied_by_time ON applied (at);"
        "CREATE TABLE record (key TEXT PRIMARY KEY, agent TEXT, first INTEGER, last INTEGER,"
        "                     stored INTEGER) WITHOUT ROWID; BEGIN");
    return database;
}

// A record that is in the store within that time is as good as at once.
constexpr Duration soon = Duration::from_ms(30'000);

void bind_or_null(storage::Statement& statement, int index, const std::optional<Duration>& value) {
    if (value) {
        statement.bind(index, value->nanoseconds);
    } else {
        statement.bind_null(index);
    }
}

std::optional<Duration> duration(const storage::Statement& row, int column) {
    return row.is_null(column) ? std::nullopt : std::optional(Duration{row.integer(column)});
}

std::optional<Timestamp> timestamp(const storage::Statement& row, int column) {
    return row.is_null(column) ? std::nullopt : std::optional(Timestamp{row.integer(column)});
}

// The oldest as_of of all sources, and whose it is.
struct Slowest {
    std::optional<Timestamp> as_of;
    std::string source;
};

Slowest slowest_of(const Mark& mark) {
    Slowest slowest;
    for (const auto& [name, source] : mark.sources) {
        const std::optional<Timestamp> moment = as_of(source);
        if (!moment) {
            return {std::nullopt, name.str()};
        }
        if (!slowest.as_of || *moment < *slowest.as_of) {
            slowest = {moment, name.str()};
        }
    }
    return slowest;
}

std::optional<MarkMoment> mark_moment(storage::Statement& row) {
    if (!row.step()) {
        return std::nullopt;
    }
    return MarkMoment{Epoch(row.unsigned_integer(0)), MarkNumber(row.unsigned_integer(1)),
                      Timestamp{row.integer(2)}, timestamp(row, 3), std::string(row.bytes(4))};
}

}  // namespace

EvidenceHistory::EvidenceHistory() : database_(open_scratch()) {}

void EvidenceHistory::on_record(const std::string& key, const AgentName& agent, Timestamp first,
                                Timestamp last) {
    storage::Statement insert(database_,
                              "INSERT OR IGNORE INTO record (key, agent, first, last) "
                              "VALUES (?1, ?2, ?3, ?4)");
    insert.bind_text(1, key).bind_text(2, agent.str());
    insert.bind(3, first.nanoseconds).bind(4, last.nanoseconds);
    insert.run();
}

void EvidenceHistory::note_stored(const std::vector<storage::StoredObject>& objects) {
    storage::Statement update(database_, "UPDATE record SET stored = ?2 WHERE key = ?1");
    for (const storage::StoredObject& object : objects) {
        if (object.stored) {
            update.bind_text(1, object.key).bind(2, object.stored->nanoseconds);
            update.run();
        }
    }
}

std::vector<LateRecords> EvidenceHistory::late() {
    storage::Statement row(database_,
                           "SELECT agent, first, last, stored FROM record "
                           "WHERE stored - last > ?1 ORDER BY agent, first");
    row.bind(1, soon.nanoseconds);
    std::vector<LateRecords> found;
    while (row.step()) {
        const AgentName agent{std::string(row.bytes(0))};
        const Timestamp first{row.integer(1)};
        const Timestamp stored{row.integer(3)};
        if (found.empty() || found.back().agent != agent || first > found.back().stored) {
            found.push_back({agent, first, first, stored, 0});
        }
        LateRecords& span = found.back();
        span.made = std::max(span.made, Timestamp{row.integer(2)});
        span.stored = std::max(span.stored, stored);
        ++span.records;
    }
    return found;
}

void EvidenceHistory::on_epoch(const EpochRecord& record) {
    epochs_.push_back(record);
    end_ = std::max(end_, std::optional(record.opened));
}

void EvidenceHistory::on_mark(const Mark& mark) {
    const Slowest slowest = slowest_of(mark);
    storage::Statement insert(database_,
                              "INSERT OR IGNORE INTO mark (epoch, mark, time, clock_error, as_of, "
                              "slowest) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    insert.bind(1, mark.epoch.value()).bind(2, mark.mark.value()).bind(3, mark.time.nanoseconds);
    bind_or_null(insert, 4, mark.clock_error);
    if (slowest.as_of) {
        insert.bind(5, slowest.as_of->nanoseconds);
    } else {
        insert.bind_null(5);
    }
    insert.bind_text(6, slowest.source);
    insert.run();
    end_ = std::max(end_, std::optional(mark.time));
    const bool is_newest =
        !newest_ || std::pair(mark.epoch, mark.mark) > std::pair(newest_->epoch, newest_->mark);
    if (!is_newest) {
        return;  // a receipt has it again
    }
    if (objectives_.empty() || objectives_.back().objective != mark.objective) {
        objectives_.push_back({mark.time, mark.objective});
    }
    note_gaps(mark);
    newest_ = mark;
}

// as_of is null during a copy. The first one is where a source begins; a later one is a gap.
void EvidenceHistory::note_gaps(const Mark& mark) {
    const bool same_epoch = newest_ && newest_->epoch == mark.epoch;
    for (const auto& [name, source] : mark.sources) {
        const bool is_known = as_of(source).has_value();
        const auto before = has_as_of_.find(name);
        const bool opens = same_epoch && before != has_as_of_.end() && before->second && !is_known;
        if (opens) {
            gaps_.push_back({name, mark.time, std::nullopt, mark.epoch});
        }
        if (is_known) {
            for (SourceGap& gap : gaps_) {
                if (gap.source == name && !gap.to) {
                    gap.to = mark.time;
                }
            }
        }
        has_as_of_[name] = is_known;
    }
}

void EvidenceHistory::add_arrival(std::string_view table, const Receipt& receipt, MarkNumber mark,
                                  Timestamp at, std::optional<Duration> clock_error) {
    storage::Statement insert(database_,
                              "INSERT INTO " + std::string(table) +
                                  " (at, epoch, mark, clock_error, offset, offset_error) "
                                  "VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    insert.bind(1, at.nanoseconds).bind(2, receipt.epoch.value()).bind(3, mark.value());
    bind_or_null(insert, 4, clock_error);
    bind_or_null(insert, 5, receipt.offset);
    bind_or_null(insert, 6, receipt.offset_error);
    insert.run();
    end_ = std::max(end_, std::optional(at));
}

void EvidenceHistory::on_received(const Receipt& receipt, const ReceivedMark& received) {
    add_arrival("received", receipt, received.mark, received.at, received.clock_error);
    clock_errors_[receipt.agent] = received.clock_error;
    SecondaryHistory& secondary = secondaries_[receipt.agent];
    ++secondary.received;
    secondary.newest_received = received.mark;
    secondary.last_received = std::max(secondary.last_received, std::optional(received.at));
}

void EvidenceHistory::on_applied(const Receipt& receipt, const AppliedMark& applied) {
    // A receipt says the clock's error with what was received; both come within seconds.
    add_arrival("applied", receipt, applied.mark, applied.at, clock_errors_[receipt.agent]);
    SecondaryHistory& secondary = secondaries_[receipt.agent];
    ++secondary.applied;
    secondary.newest_applied = applied.mark;
}

Source<Arrival> EvidenceHistory::arrivals(const std::string& table) {
    const auto rows = std::make_shared<storage::Statement>(
        database_,
        "SELECT a.at, a.epoch, a.mark, m.as_of, m.clock_error + a.clock_error, a.offset, "
        "a.offset_error FROM " +
            table +
            " a JOIN mark m ON m.epoch = a.epoch AND m.mark = a.mark "
            "ORDER BY a.at, a.epoch, a.mark");
    return [rows]() -> std::optional<Arrival> {
        if (!rows->step()) {
            return std::nullopt;
        }
        return Arrival{.at = Timestamp{rows->integer(0)},
                       .epoch = Epoch(rows->unsigned_integer(1)),
                       .mark = MarkNumber(rows->unsigned_integer(2)),
                       .as_of = timestamp(*rows, 3),
                       .utc_error = duration(*rows, 4),
                       .offset = duration(*rows, 5),
                       .offset_error = duration(*rows, 6)};
    };
}

Source<Arrival> EvidenceHistory::received() {
    return arrivals("received");
}

Source<Arrival> EvidenceHistory::applied() {
    return arrivals("applied");
}

std::optional<MarkMoment> EvidenceHistory::sealed_at(Timestamp moment) {
    storage::Statement row(database_,
                           "SELECT epoch, mark, time, as_of, slowest FROM mark WHERE time <= ?1 "
                           "ORDER BY time DESC, epoch DESC, mark DESC LIMIT 1");
    row.bind(1, moment.nanoseconds);
    return mark_moment(row);
}

std::optional<MarkMoment> EvidenceHistory::received_at(Timestamp moment) {
    storage::Statement row(database_,
                           "SELECT m.epoch, m.mark, m.time, m.as_of, m.slowest FROM received r "
                           "JOIN mark m ON m.epoch = r.epoch AND m.mark = r.mark "
                           "WHERE r.at < ?1 ORDER BY r.at DESC, r.epoch DESC, r.mark DESC LIMIT 1");
    row.bind(1, moment.nanoseconds);
    return mark_moment(row);
}

EvidenceHistory::Silence EvidenceHistory::longest_silence(Timestamp from, Timestamp to) {
    storage::Statement times(database_,
                             "SELECT time FROM mark WHERE time > ?1 AND time <= ?2 ORDER BY time");
    times.bind(1, from.nanoseconds).bind(2, to.nanoseconds);
    Silence longest{from, Duration{0}};
    Timestamp before = from;
    const auto look = [&](Timestamp next) {
        if (next - before > longest.length) {
            longest = {before, next - before};
        }
        before = next;
    };
    while (times.step()) {
        look(Timestamp{times.integer(0)});
    }
    look(to);
    return longest;
}

std::optional<Timestamp> EvidenceHistory::next_received_after(Timestamp moment) {
    storage::Statement row(database_, "SELECT min(at) FROM received WHERE at >= ?1");
    row.bind(1, moment.nanoseconds);
    return row.step() ? timestamp(row, 0) : std::nullopt;
}

}  // namespace farshore::history
