#include "storage/state/sqlite.hpp"

#include <sqlite3.h>

#include <algorithm>

namespace farshore::storage {

namespace {

// More texts than all of ours; what is made up beyond is prepared anew each time.
constexpr std::size_t most_kept_statements = 256;

ErrorCode code_of(int extended) {
    switch (extended) {
        case SQLITE_IOERR_FSYNC:
        case SQLITE_IOERR_DIR_FSYNC:
            return ErrorCode::sync_failed;
        default:
            break;
    }
    switch (extended & 0xff) {
        case SQLITE_FULL:
            return ErrorCode::disk_full;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return ErrorCode::state_damaged;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
        case SQLITE_READONLY:
        case SQLITE_PERM:
            return ErrorCode::io;
        default:
            return ErrorCode::internal;
    }
}

}  // namespace

void Database::Close::operator()(sqlite3* connection) const {
    sqlite3_close_v2(connection);
}

Database::Database(const std::string& path) : path_(path) {
    sqlite3* opened = nullptr;
    const int code =
        sqlite3_open_v2(path.c_str(), &opened,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    connection_.reset(opened);
    if (code != SQLITE_OK) {
        fail("open");
    }
    sqlite3_extended_result_codes(opened, 1);
    sqlite3_busy_timeout(opened, 10'000);
    execute("PRAGMA journal_mode = WAL");
    execute("PRAGMA synchronous = FULL");
    execute("PRAGMA foreign_keys = ON");
    // 8 MiB of pages for each connection: the ceiling of what an agent's threads hold of it.
    execute("PRAGMA cache_size = -8192");
    execute("PRAGMA temp_store = FILE");
}

void Database::fail(std::string_view deed) const {
    const int extended = connection_ ? sqlite3_extended_errcode(connection_.get()) : SQLITE_NOMEM;
    const char* why = connection_ ? sqlite3_errmsg(connection_.get()) : "out of memory";
    throw Error(code_of(extended), "cannot " + std::string(deed) + " " + path_ + ": " + why +
                                       " (SQLite " + std::to_string(extended) + ")");
}

void Database::execute(const char* sql) {
    if (sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
        fail("change");
    }
}

void Database::migrate(std::span<const char* const> migrations) {
    for (;;) {
        // Read under the write lock: another connection may be at the same step.
        Transaction transaction(*this);
        std::size_t found = 0;
        {
            Statement version(*this, "PRAGMA user_version");
            version.step();
            found = static_cast<std::size_t>(version.integer(0));
        }
        if (found > migrations.size()) {
            throw Error(ErrorCode::bad_version, path_ + " has version " + std::to_string(found) +
                                                    ", this farshore knows " +
                                                    std::to_string(migrations.size()));
        }
        if (found == migrations.size()) {
            return;
        }
        execute(migrations[found]);
        execute(("PRAGMA user_version = " + std::to_string(found + 1)).c_str());
        transaction.commit();
    }
}

std::uint64_t Database::changes() const {
    return static_cast<std::uint64_t>(sqlite3_changes64(connection_.get()));
}

void Database::Finalize::operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
}

Database::Prepared Database::take_prepared(std::string_view sql) {
    const auto kept = kept_.find(sql);
    if (kept != kept_.end() && kept->second) {
        return std::move(kept->second);
    }
    sqlite3_stmt* prepared = nullptr;
    if (sqlite3_prepare_v3(raw(), sql.data(), static_cast<int>(sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &prepared, nullptr) != SQLITE_OK) {
        fail("ask");
    }
    return Prepared(prepared);
}

void Database::keep_prepared(Prepared statement) {
    const std::string_view sql = sqlite3_sql(statement.get());
    const auto kept = kept_.find(sql);
    if (kept != kept_.end()) {
        kept->second = std::move(statement);
    } else if (kept_.size() < most_kept_statements) {
        kept_.emplace(sql, std::move(statement));
    }
}

void Statement::GiveBack::operator()(sqlite3_stmt* statement) const {
    // What it answered was thrown where it was run; reset, it holds no lock and no bytes.
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    database->keep_prepared(Database::Prepared(statement));
}

Statement::Statement(Database& database, std::string_view sql)
    : database_(&database),
      statement_(database.take_prepared(sql).release(), GiveBack{&database}) {}

void Statement::check(int code) const {
    if (code != SQLITE_OK) {
        database_->fail("ask");
    }
}

Statement& Statement::bind(int index, std::int64_t value) {
    check(sqlite3_bind_int64(statement_.get(), index, value));
    return *this;
}

Statement& Statement::bind(int index, const Digest& value) {
    check(sqlite3_bind_blob64(statement_.get(), index, value.bytes.data(), value.bytes.size(),
                              SQLITE_TRANSIENT));
    return *this;
}

Statement& Statement::bind_blob(int index, std::string_view bytes) {
    // A null pointer would bind NULL: an empty blob is not that.
    const char* data = bytes.data() == nullptr ? "" : bytes.data();
    check(sqlite3_bind_blob64(statement_.get(), index, data, bytes.size(), SQLITE_STATIC));
    return *this;
}

Statement& Statement::bind_text(int index, std::string_view text) {
    const char* data = text.data() == nullptr ? "" : text.data();
    check(sqlite3_bind_text64(statement_.get(), index, data, text.size(), SQLITE_TRANSIENT,
                              SQLITE_UTF8));
    return *this;
}

Statement& Statement::bind_null(int index) {
    check(sqlite3_bind_null(statement_.get(), index));
    return *this;
}

bool Statement::step() {
    const int code = sqlite3_step(statement_.get());
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        database_->fail("ask");
    }
    return code == SQLITE_ROW;
}

void Statement::run() {
    step();
    reset();
}

void Statement::reset() {
    // The code repeats what step() answered; that was thrown there.
    sqlite3_reset(statement_.get());
    sqlite3_clear_bindings(statement_.get());
}

bool Statement::is_null(int column) const {
    return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(statement_.get(), column);
}

std::string_view Statement::bytes(int column) const {
    const void* data = sqlite3_column_blob(statement_.get(), column);
    const int size = sqlite3_column_bytes(statement_.get(), column);
    return data == nullptr
               ? std::string_view()
               : std::string_view(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

Digest Statement::digest(int column) const {
    const std::string_view found = bytes(column);
    Digest digest;
    if (found.size() != digest.bytes.size()) {
        throw Error(ErrorCode::state_damaged, database_->path() + " holds a digest of " +
                                                  std::to_string(found.size()) + " bytes");
    }
    std::copy(found.begin(), found.end(), digest.bytes.begin());
    return digest;
}

Transaction::Transaction(Database& database) : database_(database) {
    database_.execute("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
    if (open_) {
        sqlite3_exec(database_.raw(), "ROLLBACK", nullptr, nullptr, nullptr);
    }
}

void Transaction::commit() {
    database_.execute("COMMIT");
    open_ = false;
}

ReadTransaction::ReadTransaction(Database& database) : database_(database) {
    database_.execute("BEGIN");
    try {
        // SQLite takes its view at the first read, not at BEGIN.
        Statement(database_, "SELECT count(*) FROM sqlite_schema").step();
    } catch (const Error&) {
        end();  // no destructor will
        throw;
    }
}

ReadTransaction::~ReadTransaction() {
    end();
}

void ReadTransaction::end() const {
    sqlite3_exec(database_.raw(), "COMMIT", nullptr, nullptr, nullptr);
}

}  // namespace farshore::storage
