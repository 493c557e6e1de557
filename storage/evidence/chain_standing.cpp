#include "storage/evidence/chain_standing.hpp"

#include <string>

#include "protocol/error.hpp"

namespace farshore::storage {

namespace {

std::string_view name_of(ChainKind kind) {
    return kind == ChainKind::manifests ? "manifests" : "receipts";
}

}  // namespace

std::optional<ChainStanding> read_standing(Database& database, ChainKind kind) {
    Statement row(database,
                  "SELECT epoch, sequence, previous, last_mark, last_cut FROM evidence_chain "
                  "WHERE kind = ?1");
    row.bind_text(1, name_of(kind));
    if (!row.step()) {
        return std::nullopt;
    }
    ChainStanding standing;
    standing.epoch = Epoch(row.unsigned_integer(0));
    standing.sequence = Sequence(row.unsigned_integer(1));
    standing.previous = row.digest(2);
    standing.last_mark = MarkNumber(row.unsigned_integer(3));
    standing.last_cut = CutNumber(row.unsigned_integer(4));
    return standing;
}

void write_standing(Database& database, ChainKind kind, const ChainStanding& standing) {
    Statement row(database,
                  "INSERT OR REPLACE INTO evidence_chain "
                  "(kind, epoch, sequence, previous, last_mark, last_cut) "
                  "VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    row.bind_text(1, name_of(kind))
        .bind(2, standing.epoch.value())
        .bind(3, standing.sequence.value())
        .bind(4, standing.previous)
        .bind(5, standing.last_mark.value())
        .bind(6, standing.last_cut.value());
    row.run();
}

bool begin_chain(Database& database, ChainKind kind, Epoch epoch, const Digest& record) {
    const std::optional<ChainStanding> standing = read_standing(database, kind);
    if (standing && standing->epoch > epoch) {
        throw Error(ErrorCode::fenced, "evidence of epoch " +
                                           std::to_string(standing->epoch.value()) +
                                           " was written already: epoch " +
                                           std::to_string(epoch.value()) + " is over");
    }
    if (standing && standing->epoch == epoch) {
        if (standing->sequence.is_zero() && standing->previous != record) {
            throw Error(ErrorCode::chain_broken, "epoch " + std::to_string(epoch.value()) +
                                                     " had begun with another record");
        }
        return false;
    }
    ChainStanding begun;
    begun.epoch = epoch;
    begun.previous = record;
    write_standing(database, kind, begun);
    return true;
}

}  // namespace farshore::storage
