#include "storage/state/told_marks.hpp"

namespace farshore::storage {

ToldMarks::ToldMarks(Database& database) : database_(database) {
    database_.execute(
        "CREATE TEMP TABLE IF NOT EXISTS told_marks (mark INTEGER PRIMARY KEY, "
        "envelope BLOB NOT NULL, digest BLOB NOT NULL)");
}

void ToldMarks::tell(const ArrivedMark& mark) {
    Statement(database_, "INSERT INTO told_marks VALUES (?, ?, ?)")
        .bind(1, mark.mark.value())
        .bind_blob(2, mark.envelope)
        .bind(3, mark.digest)
        .run();
}

void ToldMarks::forget() {
    database_.execute("DELETE FROM told_marks");
}

std::optional<ToldMarks::Taken> ToldMarks::take(CutNumber cut, bool is_mark,
                                                const WitnessedTime& when) {
    Statement last(database_,
                   "SELECT mark, digest, (SELECT min(mark) FROM told_marks) FROM told_marks "
                   "ORDER BY mark DESC LIMIT 1");
    if (!last.step()) {
        return std::nullopt;
    }
    const Taken taken{.first = MarkNumber(last.unsigned_integer(2)),
                      .last = MarkNumber(last.unsigned_integer(0)),
                      .digest = last.digest(1)};
    last.reset();
    Statement move(database_,
                   "INSERT INTO secondary_marks (mark, cut, is_cut, envelope, digest, received_at, "
                   "received_error) SELECT mark, ?1, ?2 AND mark = ?3, envelope, digest, ?4, ?5 "
                   "FROM told_marks ORDER BY mark");
    move.bind(1, cut.value())
        .bind(2, is_mark ? 1 : 0)
        .bind(3, taken.last.value())
        .bind(4, when.at.nanoseconds);
    if (when.clock_error) {
        move.bind(5, when.clock_error->nanoseconds);
    } else {
        move.bind_null(5);
    }
    move.run();
    forget();
    return taken;
}

}  // namespace farshore::storage
