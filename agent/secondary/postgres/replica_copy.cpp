#include "agent/secondary/postgres/replica_copy.hpp"

#include <libpq-fe.h>

#include "agent/secondary/postgres/replica_sequences.hpp"
#include "agent/secondary/postgres/replica_setup.hpp"
#include "agent/secondary/postgres/schema_steps.hpp"
#include "agent/secondary/postgres/set_aside.hpp"
#include "agent/secondary/postgres/table_standing.hpp"
#include "storage/disk/crash_point.hpp"

namespace farshore::secondary {

ReplicaCopy::ReplicaCopy(const StreamName& stream, const config::Database& database,
                         const CopyBegin& begin, const postgres::WakeEvent& stop)
    : stream_(stream),
      database_(database),
      begin_(begin),
      stop_(stop),
      connection_(database.connection, stop),
      whole_from_(begin.lsn) {
    check_replica(connection_, stream_, database_);
    const auto progress = read_progress(connection_, stream_, database_.name);
    record_ = read_copy_record(connection_, stream_, database_.name);
    if (!is_of_use(progress)) {
        record_ = {};
        // A copy that goes on has nothing to go on with: the primary begins another one.
        if (begin_.snapshot == begin_.lsn) {
            begin_anew();
        }
    } else {
        go_on(progress->copied);
    }
    // No triggers, no foreign keys: the rows are right as they are.
    connection_.execute("SET session_replication_role = replica");
    // Made durable by the commit of farshore.progress, behind all this in the server's log.
    connection_.execute("SET synchronous_commit = off");
}

// Its schema is the one that is copied, and it was whole before, or this very copy was begun. DDL
// behind that beginning comes with the stream, and would drop again what a later snapshot has.
bool ReplicaCopy::is_of_use(const std::optional<ReplicaProgress>& progress) const {
    return progress && record_.has_schema && record_.schema == begin_.schema.hex() &&
           (progress->copied || (progress->lsn == begin_.lsn &&
                                 progress->system_identifier == begin_.system_identifier &&
                                 record_.ddl == begin_.ddl.hex()));
}

// What another copy left is of no use: the tables' rows may be of another cluster even.
void ReplicaCopy::go_on(bool is_new_copy) {
    make_table_standings(connection_);
    if (is_new_copy) {
        forget_table_standings(connection_, stream_, database_.name);
        record_copied_ddl(connection_, stream_, database_.name, begin_);
    }
    write_progress(connection_, stream_, database_.name,
                   {false, begin_.lsn, begin_.system_identifier, begin_.timeline});
    // Not before the replica says of itself that it is not whole.
    forget_set_aside(connection_, stream_, database_.name);
    forget_sequences(connection_);
    for (const auto& [table, lsn] : read_table_standings(connection_, stream_, database_.name)) {
        tables_.insert(table);
        whole_from_ = std::max(whole_from_, lsn);
    }
}

void ReplicaCopy::begin_anew() {
    clear_replica(connection_, stream_, database_.name, begin_.roles);
    forget_sequences(connection_);
    begin_copy_record(connection_, stream_, database_.name, begin_);
    make_table_standings(connection_);
    forget_table_standings(connection_, stream_, database_.name);
    write_progress(connection_, stream_, database_.name,
                   {false, begin_.lsn, begin_.system_identifier, begin_.timeline});
    forget_set_aside(connection_, stream_, database_.name);
}

std::vector<CopyStanding> ReplicaCopy::standing() const {
    std::vector<CopyStanding> pieces(1);
    for (const TableName& table : tables_) {
        if (pieces.back().tables.size() == CopyStanding::most_tables) {
            pieces.emplace_back();
        }
        pieces.back().tables.push_back(table);
    }
    for (CopyStanding& piece : pieces) {
        piece.has_schema = record_.has_schema;
        piece.last = &piece == &pieces.back();
    }
    return pieces;
}

void ReplicaCopy::take(const Frame& frame) {
    switch (frame.kind) {
        case MessageKind::copy_schema:
            return take_schema(from_frame<CopySchema>(frame));
        case MessageKind::copy_table:
            return begin_table(from_frame<CopyTable>(frame));
        case MessageKind::copy_data:
            require(table_ != nullptr, "rows");
            return table_->take(from_frame<CopyData>(frame));
        case MessageKind::copy_table_end:
            return end_table(from_frame<CopyTableEnd>(frame));
        default:
            return end(from_frame<CopyEnd>(frame));
    }
}

void ReplicaCopy::require(bool condition, const char* what) const {
    if (!condition) {
        throw Error(ErrorCode::malformed, std::string("the first copy is out of order: ") + what);
    }
}

void ReplicaCopy::take_schema(const CopySchema& schema) {
    const bool is_first_section = schema.section == SchemaSection::pre_data;
    require(!table_ && !is_whole_ && is_first_section != record_.has_schema, "a piece of schema");
    if (!is_first_section) {
        post_data_ += schema.text;
        if (schema.last) {
            run_steps();
            is_whole_ = true;
        }
        return;
    }
    if (!psql_) {
        open_psql();
    }
    psql_->write(schema.text);
    if (schema.last) {
        psql_->finish(ErrorCode::database_refused);
        psql_.reset();
        record_copied_schema(connection_, stream_, database_.name);
        record_.has_schema = true;
    }
}

void ReplicaCopy::open_psql() {
    runtime::ChildSettings settings;
    settings.arguments = {
        "psql",          "--no-psqlrc",           "--quiet",
        "--no-password", "--set=ON_ERROR_STOP=1", "--dbname=" + database_.connection};
    // The restore makes triggers and constraints; they shall not fire on what it does itself.
    settings.environment = {{"PGOPTIONS", "-c client_min_messages=warning"}};
    settings.feed = true;
    settings.stop_descriptor = stop_.descriptor();
    psql_ = std::make_unique<runtime::ChildProcess>(settings);
}

// Each step with the record of it in one transaction: an index that is there is not built again.
void ReplicaCopy::run_steps() {
    const SchemaScript script = split_schema(post_data_);
    open_psql();
    psql_->write(script.prelude);
    for (const std::string& step : script.steps) {
        const std::string digest = sha256(step).hex();
        if (record_.steps.contains(digest)) {
            psql_->write(settings_of(step));
            continue;
        }
        if (is_refresh(step)) {  // of what is copied now, also when it was there before
            psql_->write(step);
            continue;
        }
        psql_->write("BEGIN;\n" + step + "\n" +
                     record_step_sql(connection_, stream_, database_.name, digest) + "COMMIT;\n");
        record_.steps.insert(digest);
    }
    psql_->finish(ErrorCode::database_refused);
    psql_.reset();
}

void ReplicaCopy::begin_table(const CopyTable& table) {
    require(record_.has_schema && !is_whole_ && !psql_ && !table_ &&
                !tables_.contains({table.schema, table.table}),
            "a table");
    table_ = std::make_unique<TableCopy>(connection_, table);
}

void ReplicaCopy::end_table(const CopyTableEnd& end) {
    require(table_ != nullptr, "the end of a table");
    table_->end(end);
    write_table_standing(connection_, stream_, database_.name, table_->name(), table_->lsn());
    table_->commit();
    storage::crash_point("copy_table_committed");
    tables_.insert(table_->name());
    whole_from_ = std::max(whole_from_, table_->lsn());
    table_.reset();
}

void ReplicaCopy::end(const CopyEnd& end) {
    require(is_whole_ && tables_.size() >= begin_.tables && end.lsn == begin_.lsn, "its end");
    // The applier's plans shall not be made from nothing.
    connection_.execute("ANALYZE");
    const ReplicaProgress progress{true, begin_.lsn, begin_.system_identifier, begin_.timeline};
    write_progress(connection_, stream_, database_.name, progress);
    finished_ = progress;
}

}  // namespace farshore::secondary
