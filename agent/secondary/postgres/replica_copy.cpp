#include "agent/secondary/postgres/replica_copy.hpp"

#include <libpq-fe.h>

#include "agent/secondary/postgres/replica_sequences.hpp"
#include "agent/secondary/postgres/replica_setup.hpp"

namespace farshore::secondary {

ReplicaCopy::ReplicaCopy(const StreamName& stream, const config::Database& database,
                         const CopyBegin& begin, const postgres::WakeEvent& stop)
    : stream_(stream),
      database_(database),
      begin_(begin),
      stop_(stop),
      connection_(database.connection, stop) {
    check_replica(connection_, stream_, database_);
    clear_replica(connection_, stream_, database_.name, begin_.roles);
    forget_sequences(connection_);
    // No triggers, no foreign keys: the rows are right as they are.
    connection_.execute("SET session_replication_role = replica");
    // Made durable by the commit of farshore.progress, behind all this in the server's log.
    connection_.execute("SET synchronous_commit = off");
}

void ReplicaCopy::take(const Frame& frame) {
    switch (frame.kind) {
        case MessageKind::copy_schema:
            return take_schema(from_frame<CopySchema>(frame));
        case MessageKind::copy_table:
            return begin_table(from_frame<CopyTable>(frame));
        case MessageKind::copy_data:
            return take_data(from_frame<CopyData>(frame));
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
    require(table_.empty() && !is_whole_ && is_first_section != has_tables_, "a piece of schema");
    if (!psql_) {
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
    psql_->write(schema.text);
    if (schema.last) {
        psql_->finish(ErrorCode::database_refused);
        psql_.reset();
        has_tables_ = true;
        is_whole_ = !is_first_section;
    }
}

void ReplicaCopy::begin_table(const CopyTable& table) {
    require(has_tables_ && !is_whole_ && !psql_ && table_.empty(), "a table");
    table_ = connection_.quote_name(table.schema, table.table);
    std::string columns;
    for (const std::string& column : table.columns) {
        columns += (columns.empty() ? " (" : ", ") + connection_.quote_name(column);
    }
    columns += columns.empty() ? "" : ")";
    connection_.execute("COPY " + table_ + columns + " FROM STDIN");
}

void ReplicaCopy::take_data(const CopyData& data) {
    require(!table_.empty(), "rows");
    if (PQputCopyData(connection_.raw(), data.bytes.data(), static_cast<int>(data.bytes.size())) !=
        1) {
        connection_.lost();
    }
}

void ReplicaCopy::end_table(const CopyTableEnd& end) {
    require(!table_.empty(), "the end of a table");
    if (PQputCopyEnd(connection_.raw(), nullptr) != 1) {
        connection_.lost();
    }
    std::uint64_t rows = 0;
    while (const auto answer = connection_.next_answer()) {
        connection_.require(*answer);
        rows = answer->affected();
    }
    if (rows != end.rows) {
        throw Error(ErrorCode::conflict, "table " + table_ + " was sent with " +
                                             std::to_string(end.rows) + " rows, the replica has " +
                                             std::to_string(rows));
    }
    table_.clear();
    ++tables_done_;
}

void ReplicaCopy::end(const CopyEnd& end) {
    require(is_whole_ && tables_done_ == begin_.tables && end.lsn == begin_.lsn, "its end");
    const ReplicaProgress progress{true, begin_.lsn, begin_.system_identifier, begin_.timeline};
    write_progress(connection_, stream_, database_.name, progress);
    // The applier's plans shall not be made from nothing.
    connection_.execute("ANALYZE");
    finished_ = progress;
}

}  // namespace farshore::secondary
