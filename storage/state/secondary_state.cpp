#include "storage/state/secondary_state.hpp"

#include "storage/disk/crash_point.hpp"
#include "storage/state/secondary_schema.hpp"

namespace farshore::storage {

namespace {

constexpr std::string_view fact_epoch = "epoch";
constexpr std::string_view fact_received_cut = "received_cut";
constexpr std::string_view fact_received_identity = "received_identity";
constexpr std::string_view fact_applied_cut = "applied_cut";
constexpr std::string_view fact_claimed_cut = "claimed_cut";  // where it is not the applied one
constexpr std::string_view fact_received_mark = "received_mark";
constexpr std::string_view fact_received_mark_digest = "received_mark_digest";
constexpr std::string_view fact_applied_mark = "applied_mark";
constexpr std::string_view fact_primary_boot = "primary_boot";
constexpr std::string_view fact_received_as_of = "received_as_of";
constexpr std::string_view fact_applied_as_of = "applied_as_of";
constexpr std::string_view fact_prefix_of_others = "x.";

// Of a database: how far its replica said that it is.
std::string committed_fact(const SourceName& name) {
    return "committed." + name.str();
}

constexpr std::string_view mark_columns =
    "SELECT mark, envelope, digest, received_at, received_error, applied_at, applied_error, "
    "sources FROM secondary_marks WHERE mark > ? ";

// The times of a cut's newest mark on the primary's clock: its own without a name, then those of
// its sources.
struct MarkTimes {
    std::optional<BootTime> taken;
    std::map<SourceName, BootTime> as_of;
};

std::string encoded(const std::optional<BootTime>& taken,
                    const std::map<SourceName, BootTime>& as_of) {
    ByteWriter out;
    if (taken) {
        out.bytes("").i64(taken->nanoseconds);
    }
    for (const auto& [source, time] : as_of) {
        out.bytes(source.str()).i64(time.nanoseconds);
    }
    return out.take();
}

MarkTimes decoded_times(std::string_view bytes) {
    ByteReader in(bytes);
    MarkTimes times;
    while (in.remaining() > 0) {
        std::string source(in.bytes(limits::path_component));
        const BootTime time{in.i64()};
        if (source.empty()) {
            times.taken = time;
        } else {
            times.as_of[SourceName(std::move(source))] = time;
        }
    }
    return times;
}

std::string encoded(const std::map<SourceName, Digest>& digests) {
    ByteWriter out;
    for (const auto& [source, digest] : digests) {
        out.bytes(source.str()).bytes(digest.hex());
    }
    return out.take();
}

std::map<SourceName, Digest> decoded_digests(std::string_view bytes) {
    ByteReader in(bytes);
    std::map<SourceName, Digest> digests;
    while (in.remaining() > 0) {
        SourceName source{std::string(in.bytes(limits::path_component))};
        const auto digest = Digest::from_hex(in.bytes(limits::path_component));
        if (!digest) {
            throw Error(ErrorCode::state_damaged, "the state database holds a digest that is none");
        }
        digests[std::move(source)] = *digest;
    }
    return digests;
}

void bind_error(Statement& statement, int index, const std::optional<Duration>& error) {
    if (error) {
        statement.bind(index, error->nanoseconds);
    } else {
        statement.bind_null(index);
    }
}

WitnessedTime time_of(const Statement& row, int column) {
    WitnessedTime time{{row.integer(column)}, std::nullopt};
    if (!row.is_null(column + 1)) {
        time.clock_error = Duration{row.integer(column + 1)};
    }
    return time;
}

SpoolPosition position_of(const Statement& row, int column) {
    return {row.unsigned_integer(column), row.unsigned_integer(column + 1)};
}

Database prepared(const std::string& path) {
    Database database(path);
    prepare_secondary_tables(database);
    return database;
}

}  // namespace

SecondaryState::SecondaryState(const std::string& path)
    : database_(prepared(path)), index_(database_), told_marks_(database_) {}

// --- facts

void SecondaryState::write_fact(std::string_view name, std::string_view value) {
    Statement(database_, "INSERT OR REPLACE INTO secondary_facts VALUES (?, ?)")
        .bind_text(1, name)
        .bind_blob(2, value)
        .run();
}

void SecondaryState::write_number(std::string_view name, std::uint64_t value) {
    Statement(database_, "INSERT OR REPLACE INTO secondary_facts VALUES (?, ?)")
        .bind_text(1, name)
        .bind(2, value)
        .run();
}

std::uint64_t SecondaryState::number(std::string_view name) {
    Statement ask(database_, "SELECT value FROM secondary_facts WHERE name = ?");
    return ask.bind_text(1, name).step() ? ask.unsigned_integer(0) : 0;
}

std::optional<std::string> SecondaryState::fact(std::string_view name) {
    Statement ask(database_, "SELECT value FROM secondary_facts WHERE name = ?");
    const std::string full = std::string(fact_prefix_of_others) + std::string(name);
    if (!ask.bind_text(1, full).step()) {
        return std::nullopt;
    }
    return std::string(ask.bytes(0));
}

void SecondaryState::set_fact(std::string_view name, std::string_view value) {
    write_fact(std::string(fact_prefix_of_others) + std::string(name), value);
}

SecondaryStanding SecondaryState::standing() {
    const ReadTransaction one_view(database_);
    SecondaryStanding standing;
    standing.epoch = Epoch(number(fact_epoch));
    standing.received_cut = CutNumber(number(fact_received_cut));
    standing.applied_cut = CutNumber(number(fact_applied_cut));
    const std::uint64_t claimed = number(fact_claimed_cut);
    standing.claimed_cut = claimed == 0 ? standing.applied_cut : CutNumber(claimed - 1);
    standing.received_mark = MarkNumber(number(fact_received_mark));
    standing.applied_mark = MarkNumber(number(fact_applied_mark));
    Statement ask(database_, "SELECT value FROM secondary_facts WHERE name = ?");
    const auto text = [&](std::string_view name) {
        ask.reset();
        return ask.bind_text(1, name).step() ? std::string(ask.bytes(0)) : std::string();
    };
    if (!standing.received_mark.is_zero()) {
        standing.received_mark_digest = Digest::from_hex(text(fact_received_mark_digest));
    }
    if (std::string identity = text(fact_received_identity); !identity.empty()) {
        standing.received_identity = std::move(identity);
    }
    standing.primary_boot_id = text(fact_primary_boot);
    MarkTimes received = decoded_times(text(fact_received_as_of));
    standing.received_as_of = std::move(received.as_of);
    standing.received_taken = received.taken;
    MarkTimes applied = decoded_times(text(fact_applied_as_of));
    standing.applied_as_of = std::move(applied.as_of);
    standing.applied_taken = applied.taken;
    return standing;
}

void SecondaryState::enter_epoch(Epoch epoch) {
    Transaction transaction(database_);
    const Epoch before(number(fact_epoch));
    if (epoch == before) {
        return;
    }
    if (epoch < before) {
        throw Error(ErrorCode::fenced, "epoch " + std::to_string(epoch.value()) +
                                           " is over: this secondary follows epoch " +
                                           std::to_string(before.value()));
    }
    if (number(fact_received_cut) != number(fact_applied_cut)) {
        throw Error(ErrorCode::internal, "a new epoch begins before the last one is applied");
    }
    database_.execute("DELETE FROM secondary_incoming; DELETE FROM secondary_marks");
    for (const std::string_view name : {fact_received_cut, fact_applied_cut, fact_claimed_cut,
                                        fact_received_mark, fact_applied_mark}) {
        write_number(name, 0);
    }
    write_number(fact_epoch, epoch.value());
    transaction.commit();
}

// --- received

void SecondaryState::write_received_databases(const ReceivedCut& cut) {
    Statement put(database_, "INSERT INTO secondary_cut_databases VALUES (?, ?, ?, ?, ?, ?)");
    Statement move(
        database_,
        // A cut from before a later first copy must not take the database back.
        "UPDATE secondary_databases SET "
        "received_segment = CASE WHEN ?1 > received_lsn THEN ?2 ELSE received_segment END, "
        "received_offset = CASE WHEN ?1 > received_lsn THEN ?3 ELSE received_offset END, "
        "received_lsn = max(received_lsn, ?1) WHERE name = ?4");
    for (const auto& [name, point] : cut.databases) {
        put.bind(1, cut.cut.value())
            .bind_text(2, name.str())
            .bind(3, point.lsn.value())
            .bind(4, point.spool_end.segment)
            .bind(5, point.spool_end.offset)
            .bind_blob(6, point.sequences)
            .run();
        move.bind(1, point.lsn.value())
            .bind(2, point.spool_end.segment)
            .bind(3, point.spool_end.offset)
            .bind_text(4, name.str())
            .run();
        if (database_.changes() != 1) {
            throw Error(ErrorCode::malformed, "cut " + std::to_string(cut.cut.value()) +
                                                  " tells of database " + name.str() +
                                                  ", which was never copied");
        }
    }
}

void SecondaryState::commit_received(const ReceivedCut& cut, const WitnessedTime& when) {
    crash_point("received_before_commit");
    Transaction transaction(database_);
    const CutNumber before(number(fact_received_cut));
    FARSHORE_ASSERT(cut.base <= before && before < cut.cut);
    const std::string as_of = encoded(cut.taken, cut.as_of);
    Statement put(database_, "INSERT INTO secondary_cuts VALUES (?, ?, ?, ?)");
    put.bind(1, cut.cut.value())
        .bind(2, cut.base.value())
        .bind(3, cut.is_mark ? 1 : 0)
        .bind_blob(4, as_of)
        .run();
    for (const ArrivedMark& mark : cut.marks) {
        told_marks_.tell(mark);
    }
    if (const auto told = told_marks_.take(cut.cut, cut.is_mark, when)) {
        FARSHORE_ASSERT(told->first.value() > number(fact_received_mark));
        write_number(fact_received_mark, told->last.value());
        write_fact(fact_received_mark_digest, told->digest.hex());
    }
    write_received_databases(cut);
    write_number(fact_received_cut, cut.cut.value());
    write_fact(fact_received_identity, cut.identity);
    write_fact(fact_received_as_of, as_of);
    write_fact(fact_primary_boot, cut.primary_boot_id);
    transaction.commit();
    crash_point("received_after_commit");
}

std::map<SourceName, DatabasePoint> SecondaryState::cut_databases(CutNumber cut) {
    Statement ask(database_,
                  "SELECT name, lsn, segment, offset, sequences FROM secondary_cut_databases "
                  "WHERE cut = ?");
    ask.bind(1, cut.value());
    std::map<SourceName, DatabasePoint> points;
    while (ask.step()) {
        points[SourceName(std::string(ask.bytes(0)))] = {
            Lsn(ask.unsigned_integer(1)), position_of(ask, 2), std::string(ask.bytes(4))};
    }
    return points;
}

std::vector<ArrivedMark> SecondaryState::cut_marks(CutNumber cut) {
    Statement ask(database_,
                  "SELECT mark, envelope, digest FROM secondary_marks WHERE cut = ? "
                  "ORDER BY mark LIMIT 2");
    ask.bind(1, cut.value());
    std::vector<ArrivedMark> found;
    while (ask.step()) {
        found.push_back(
            {MarkNumber(ask.unsigned_integer(0)), std::string(ask.bytes(1)), ask.digest(2)});
    }
    return found;
}

std::optional<ReceivedCut> SecondaryState::next_to_apply() {
    const ReadTransaction one_view(database_);
    Statement ask(database_,
                  "SELECT cut, base, is_mark, as_of FROM secondary_cuts ORDER BY cut LIMIT 1");
    if (!ask.step()) {
        return std::nullopt;
    }
    ReceivedCut cut;
    cut.cut = CutNumber(ask.unsigned_integer(0));
    cut.base = CutNumber(ask.unsigned_integer(1));
    cut.is_mark = ask.integer(2) != 0;
    MarkTimes times = decoded_times(ask.bytes(3));
    cut.as_of = std::move(times.as_of);
    cut.taken = times.taken;
    cut.marks = cut_marks(cut.cut);
    cut.databases = cut_databases(cut.cut);
    return cut;
}

// --- applied

void SecondaryState::write_applied_databases(CutNumber cut) {
    Statement move(database_,
                   "UPDATE secondary_databases SET "
                   "applied_segment = CASE WHEN ?1 > applied_lsn THEN ?2 ELSE applied_segment END, "
                   "applied_offset = CASE WHEN ?1 > applied_lsn THEN ?3 ELSE applied_offset END, "
                   "applied_lsn = max(applied_lsn, ?1) WHERE name = ?4");
    for (const auto& [name, point] : cut_databases(cut)) {
        move.bind(1, point.lsn.value())
            .bind(2, point.spool_end.segment)
            .bind(3, point.spool_end.offset)
            .bind_text(4, name.str())
            .run();
    }
    Statement(database_, "DELETE FROM secondary_cut_databases WHERE cut = ?")
        .bind(1, cut.value())
        .run();
}

void SecondaryState::commit_applied(CutNumber cut, const WitnessedTime& when,
                                    const std::map<SourceName, Digest>& sources,
                                    const std::map<SourceName, Lsn>& committed,
                                    AppliedClaim claim) {
    crash_point("applied_before_commit");
    Transaction transaction(database_);
    Statement ask(database_, "SELECT min(cut), as_of FROM secondary_cuts");
    FARSHORE_ASSERT(ask.step() && ask.unsigned_integer(0) == cut.value());
    const std::string as_of(ask.bytes(1));
    ask.reset();
    if (const auto unsettled = index_.incoming_trees(cut); !unsettled.empty()) {
        throw Error(ErrorCode::bad_config, "cut " + std::to_string(cut.value()) +
                                               " holds changes of tree " + unsettled[0].str() +
                                               ", which is not configured here any more");
    }
    if (claim == AppliedClaim::marks) {
        write_applied_marks(cut, when, encoded(sources));
        write_fact(fact_applied_as_of, as_of);
        write_number(fact_claimed_cut, 0);
    } else if (number(fact_claimed_cut) == 0) {
        write_number(fact_claimed_cut, number(fact_applied_cut) + 1);
    }
    write_applied_databases(cut);
    Statement(database_, "DELETE FROM secondary_cuts WHERE cut = ?").bind(1, cut.value()).run();
    write_number(fact_applied_cut, cut.value());
    for (const auto& [name, lsn] : committed) {
        write_number(committed_fact(name), lsn.value());
    }
    transaction.commit();
    crash_point("applied_after_commit");
}

void SecondaryState::write_applied_marks(CutNumber cut, const WitnessedTime& when,
                                         const std::string& digests) {
    Statement mark(database_,
                   "UPDATE secondary_marks SET applied_at = ?1, applied_error = ?2, "
                   "sources = CASE is_cut WHEN 1 THEN ?3 END WHERE cut = ?4");
    mark.bind(1, when.at.nanoseconds).bind_blob(3, digests).bind(4, cut.value());
    bind_error(mark, 2, when.clock_error);
    mark.run();
    Statement newest(database_, "SELECT max(mark) FROM secondary_marks WHERE cut = ?");
    if (newest.bind(1, cut.value()).step() && !newest.is_null(0)) {
        write_number(fact_applied_mark, newest.unsigned_integer(0));
    }
}

// --- marks

std::vector<MarkStanding> SecondaryState::marks(Statement& ask) {
    std::vector<MarkStanding> found;
    while (ask.step()) {
        MarkStanding mark;
        mark.mark = MarkNumber(ask.unsigned_integer(0));
        mark.envelope = ask.bytes(1);
        mark.digest = ask.digest(2);
        mark.received = time_of(ask, 3);
        if (!ask.is_null(5)) {
            mark.applied = time_of(ask, 5);
        }
        mark.sources = decoded_digests(ask.bytes(7));
        found.push_back(std::move(mark));
    }
    return found;
}

std::vector<MarkStanding> SecondaryState::marks_received_after(MarkNumber mark, std::size_t limit) {
    Statement ask(database_, std::string(mark_columns) + "ORDER BY mark LIMIT ?");
    ask.bind(1, mark.value()).bind(2, static_cast<std::uint64_t>(limit));
    return marks(ask);
}

std::vector<MarkStanding> SecondaryState::marks_applied_after(MarkNumber mark, std::size_t limit) {
    Statement ask(database_,
                  std::string(mark_columns) + "AND applied_at IS NOT NULL ORDER BY mark LIMIT ?");
    ask.bind(1, mark.value()).bind(2, static_cast<std::uint64_t>(limit));
    return marks(ask);
}

void SecondaryState::forget_marks_up_to(MarkNumber mark) {
    Statement(database_, "DELETE FROM secondary_marks WHERE mark <= ? AND applied_at IS NOT NULL")
        .bind(1, mark.value())
        .run();
}

// --- databases

std::map<SourceName, DatabaseState> SecondaryState::databases() {
    Statement ask(database_,
                  "SELECT name, copied, system_identifier, timeline, received_lsn, "
                  "received_segment, received_offset, applied_lsn, applied_segment, "
                  "applied_offset, whole_lsn FROM secondary_databases");
    std::map<SourceName, DatabaseState> found;
    while (ask.step()) {
        DatabaseState state;
        state.standing.copied = ask.integer(1) != 0;
        state.standing.system_identifier = ask.bytes(2);
        state.standing.timeline = static_cast<std::uint32_t>(ask.unsigned_integer(3));
        state.standing.received = Lsn(ask.unsigned_integer(4));
        state.received_end = position_of(ask, 5);
        state.standing.whole_from = Lsn(ask.unsigned_integer(10));
        state.applied = {Lsn(ask.unsigned_integer(7)), position_of(ask, 8)};
        SourceName name{std::string(ask.bytes(0))};
        state.committed = Lsn(number(committed_fact(name)));
        found.emplace(std::move(name), std::move(state));
    }
    return found;
}

void SecondaryState::set_database(const SourceName& name, const DatabaseStanding& standing,
                                  const SpoolPosition& spool_end) {
    Transaction transaction(database_);
    if (!standing.copied) {
        // Cuts that wait to be applied speak of the copy that was: perhaps of another cluster,
        // whose positions may be beyond any of the new one's.
        Statement(database_, "DELETE FROM secondary_cut_databases WHERE name = ?")
            .bind_text(1, name.str())
            .run();
    }
    write_number(committed_fact(name), 0);
    Statement(database_,
              "INSERT OR REPLACE INTO secondary_databases VALUES "
              "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?5, ?6, ?7, ?8)")
        .bind_text(1, name.str())
        .bind(2, standing.copied ? 1 : 0)
        .bind_text(3, standing.system_identifier)
        .bind(4, static_cast<std::uint64_t>(standing.timeline))
        .bind(5, standing.received.value())
        .bind(6, spool_end.segment)
        .bind(7, spool_end.offset)
        .bind(8, standing.whole_from.value())
        .run();
    transaction.commit();
}

void SecondaryState::set_timeline(const SourceName& name, std::uint32_t timeline) {
    Statement(database_, "UPDATE secondary_databases SET timeline = ? WHERE name = ?")
        .bind(1, static_cast<std::uint64_t>(timeline))
        .bind_text(2, name.str())
        .run();
}

// --- roots

std::optional<KnownRoot> SecondaryState::known_root(const SourceName& tree) {
    Statement ask(database_,
                  "SELECT marker, filesystem, inode FROM secondary_trees "
                  "WHERE tree = ? AND marker IS NOT NULL");
    if (!ask.bind_text(1, tree.str()).step()) {
        return std::nullopt;
    }
    return KnownRoot{std::string(ask.bytes(0)), ask.unsigned_integer(1), ask.unsigned_integer(2)};
}

void SecondaryState::remember_root(const SourceName& tree, const KnownRoot& root) {
    Statement(database_,
              "INSERT INTO secondary_trees (tree, marker, filesystem, inode, digest) "
              "VALUES (?1, ?2, ?3, ?4, ?5) "
              "ON CONFLICT (tree) DO UPDATE SET marker = ?2, filesystem = ?3, inode = ?4")
        .bind_text(1, tree.str())
        .bind_text(2, root.marker_id)
        .bind(3, root.filesystem)
        .bind(4, root.inode)
        .bind(5, TreeDigest().value())
        .run();
}

}  // namespace farshore::storage
