#include "agent/primary/postgres/first_copy.hpp"

#include <charconv>
#include <iterator>
#include <set>

#include "agent/primary/postgres/ddl_capture.hpp"
#include "agent/primary/postgres/publication.hpp"
#include "protocol/limits.hpp"

namespace farshore::primary {

namespace {

constexpr auto result_poll = Duration::from_ms(500);
constexpr char copy_data = 'd';
constexpr char command_complete = 'C';
constexpr char ready_for_query = 'Z';

// "COPY 500", with a zero byte behind it.
std::uint64_t rows_of(std::string_view tag) {
    constexpr std::string_view verb = "COPY ";
    std::uint64_t rows = 0;
    const char* const end = tag.data() + tag.size();
    if (!tag.starts_with(verb) ||
        std::from_chars(tag.data() + verb.size(), end, rows).ec != std::errc()) {
        throw Error(ErrorCode::malformed, "the server does not say how many rows it has copied");
    }
    return rows;
}

}  // namespace

FirstCopy::FirstCopy(CopySource source, connection::Lane& lane, const postgres::WakeEvent& stop,
                     std::function<void(const CopyProgress&)> on_progress)
    : source_(std::move(source)),
      lane_(lane),
      stop_(stop),
      on_progress_(std::move(on_progress)),
      connection_(source_.connection, stop),
      row_connection_(source_.connection, stop),
      rows_(row_connection_),
      see_snapshot_("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET TRANSACTION SNAPSHOT " +
                    connection_.quote_literal(source_.slot.snapshot)) {}

bool FirstCopy::run() {
    connection_.execute(see_snapshot_);
    const std::vector<TableFacts> tables = Publication(connection_, source_.publication).tables();
    for (const TableFacts& table : tables) {
        progress_.bytes += table.bytes;
    }
    progress_.tables = tables.size();
    const SchemaDump schema(source_.connection, source_.slot.snapshot, stop_);
    begin(schema.digest());
    const CopyStanding standing = await_standing();
    if (!standing.has_schema) {
        if (source_.stream != source_.slot.consistent) {
            return false;
        }
        send_schema(schema, SchemaSection::pre_data);
    }
    send_tables(tables, standing);
    send_schema(schema, SchemaSection::post_data);
    send_frame(to_frame(CopyEnd{source_.stream}));
    await_result();
    return true;
}

void FirstCopy::begin(const Digest& schema) {
    CopyBegin begin;
    begin.system_identifier = source_.system.identifier;
    begin.timeline = source_.system.timeline;
    begin.lsn = source_.stream;
    begin.snapshot = source_.slot.consistent;
    begin.schema = schema;
    begin.ddl = ddl_digest(connection_);
    begin.tables = progress_.tables;
    begin.bytes = progress_.bytes;
    begin.roles = roles();
    send_frame(to_frame(begin));
    on_progress_(progress_);
}

CopyStanding FirstCopy::await_standing() {
    CopyStanding standing;
    standing.last = false;
    while (!standing.last) {
        if (stop_.is_set()) {
            throw Error(ErrorCode::cancelled, "the agent stops");
        }
        const auto frame = lane_.receive(result_poll);
        if (!frame) {
            continue;
        }
        if (frame->kind == MessageKind::copy_result) {
            take_result(*frame);
        }
        auto piece = from_frame<CopyStanding>(*frame);
        standing.has_schema = piece.has_schema;
        standing.last = piece.last;
        std::move(piece.tables.begin(), piece.tables.end(), std::back_inserter(standing.tables));
    }
    return standing;
}

void FirstCopy::send_tables(const std::vector<TableFacts>& tables, const CopyStanding& standing) {
    const std::set<TableName> there(standing.tables.begin(), standing.tables.end());
    for (const TableFacts& table : tables) {
        if (there.contains({table.schema, table.name})) {
            progress_.bytes_done += table.bytes;
            ++progress_.tables_done;
            on_progress_(progress_);
        } else {
            send_table(table);
        }
    }
}

// All that own something in this database, or were granted something.
std::vector<std::string> FirstCopy::roles() {
    const postgres::Answer answer = connection_.execute(
        "SELECT DISTINCT pg_get_userbyid(r) FROM ("
        " SELECT relowner AS r FROM pg_class WHERE oid >= 16384"
        " UNION SELECT nspowner FROM pg_namespace WHERE oid >= 16384"
        " UNION SELECT proowner FROM pg_proc WHERE oid >= 16384"
        " UNION SELECT typowner FROM pg_type WHERE oid >= 16384"
        " UNION SELECT refobjid FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass"
        "   AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
        ") AS o WHERE r <> 0 AND pg_get_userbyid(r) !~ '^pg_' ORDER BY 1");
    std::vector<std::string> names;
    names.reserve(static_cast<std::size_t>(answer.rows()));
    for (int row = 0; row < answer.rows(); ++row) {
        names.emplace_back(answer.text(row, 0));
    }
    return names;
}

void FirstCopy::send_schema(const SchemaDump& schema, SchemaSection section) {
    schema.read(section, [&](std::string_view text) {
        send_frame(to_frame(CopySchema{section, false, std::string(text)}));
    });
    send_frame(to_frame(CopySchema{section, true, ""}));
}

void FirstCopy::send_table(const TableFacts& table) {
    CopyTable begin{table.schema, table.name, source_.slot.consistent,
                    list_columns(connection_, table.schema, table.name)};
    std::string columns;
    for (const std::string& column : begin.columns) {
        columns += (columns.empty() ? " (" : ", ") + connection_.quote_name(column);
    }
    columns += columns.empty() ? "" : ")";
    send_frame(to_frame(begin));
    // A transaction for each table: a lock on it is held for no longer than its rows are read.
    say(see_snapshot_);
    rows_.send_query("COPY " + connection_.quote_name(table.schema, table.name) + columns +
                     " TO STDOUT");
    const std::uint64_t rows = send_rows();
    if (rows == 0) {
        require_seen(table);
    }
    say("COMMIT");
    send_frame(to_frame(CopyTableEnd{rows}));
    ++progress_.tables_done;
    on_progress_(progress_);
}

// A statement that answers nothing, in the transaction of the rows.
void FirstCopy::say(const std::string& sql) {
    rows_.send_query(sql);
    while (rows_.next().type != ready_for_query) {
    }
}

// Of a table that was rewritten since (ALTER TABLE), the snapshot sees no rows; the changes that
// follow do not bring them either. Its lock is held, so this is how it was when it was read.
void FirstCopy::require_seen(const TableFacts& table) {
    const postgres::Answer same = connection_.execute(
        "SELECT FROM pg_class c WHERE c.oid = to_regclass($1)"
        " AND c.relfilenode = pg_relation_filenode(c.oid)",
        {connection_.quote_name(table.schema, table.name)});
    if (same.rows() == 0) {
        throw Error(ErrorCode::database_unavailable,
                    "table " + table.full_name() +
                        " was rewritten or emptied while the first copy was under way: it is "
                        "copied as it is now");
    }
}

// Everything of the COPY that has been started; the number of its rows.
std::uint64_t FirstCopy::send_rows() {
    CopyData piece;
    const auto flush = [&] {
        if (!piece.bytes.empty()) {
            progress_.bytes_done += piece.bytes.size();
            send_frame(to_frame(piece));
            piece.bytes.clear();
            on_progress_(progress_);
        }
    };
    std::string tag;
    for (auto message = rows_.next(); message.type != ready_for_query; message = rows_.next()) {
        while (rows_.unread_bytes() > 0 && message.type == copy_data) {
            std::string_view bytes = rows_.some();
            if (bytes.empty()) {
                (void)row_connection_.wait_readable(Duration::from_ms(1000));
            }
            while (!bytes.empty()) {
                const std::string_view fits =
                    bytes.substr(0, limits::payload_piece - piece.bytes.size());
                piece.bytes.append(fits);
                bytes.remove_prefix(fits.size());
                if (piece.bytes.size() == limits::payload_piece) {
                    flush();
                }
            }
        }
        if (message.type == command_complete) {
            tag = rows_.whole();
        }
    }
    flush();
    return rows_of(tag);
}

void FirstCopy::send_frame(Frame frame) {
    // A secondary that can't go on says so before the lane is closed.
    if (const auto answer = lane_.receive(Duration{})) {
        take_result(*answer);
        throw Error(ErrorCode::malformed, "the secondary calls a copy done that is not sent");
    }
    lane_.send(std::move(frame));
}

void FirstCopy::await_result() {
    while (true) {
        if (const auto answer = lane_.receive(result_poll)) {
            return take_result(*answer);
        }
        if (stop_.is_set()) {
            throw Error(ErrorCode::cancelled, "the agent stops");
        }
    }
}

void FirstCopy::take_result(const Frame& frame) {
    const auto result = from_frame<CopyResult>(frame);
    if (!result.done) {
        throw Error(result.code, "the first copy failed on the secondary: " + result.reason);
    }
}

}  // namespace farshore::primary
