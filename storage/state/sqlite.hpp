#pragma once
// SQLite in thin RAII: a connection, a statement, a transaction. Errors become Error: state_damaged
// for a file that is not sound, disk_full, sync_failed for a failed fsync, io for the rest.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "protocol/digest.hpp"
#include "protocol/error.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace farshore::storage {

// One connection; each thread opens its own. Not thread-safe.
// Invariants: the journal is a write-ahead log and every commit is on the disk (synchronous=FULL)
// when it returns; a writer waits up to ten seconds for another one. Statements that were prepared
// are kept by their text and used again: preparing costs more than most of them do.
class Database {
  public:
    // Opens or makes the file; SQLite's own files beside it get its mode.
    explicit Database(const std::string& path);

    // One or more statements without results.
    void execute(const char* sql);
    // Brings the file to version migrations.size() (PRAGMA user_version): migrations[i] makes
    // version i + 1 of version i, each in one transaction. Throws bad_version for a file from the
    // future.
    void migrate(std::span<const char* const> migrations);
    // Rows that the last statement changed.
    [[nodiscard]] std::uint64_t changes() const;
    [[nodiscard]] sqlite3* raw() const { return connection_.get(); }
    [[nodiscard]] const std::string& path() const { return path_; }

    // Throws the Error for what this connection's last call answered.
    [[noreturn]] void fail(std::string_view deed) const;

  private:
    friend class Statement;
    struct Close {
        void operator()(sqlite3* connection) const;
    };
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    using Prepared = std::unique_ptr<sqlite3_stmt, Finalize>;
    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>()(text);
        }
    };

    [[nodiscard]] Prepared take_prepared(std::string_view sql);
    void keep_prepared(Prepared statement);

    std::string path_;
    std::unique_ptr<sqlite3, Close> connection_;
    // By their text; null while one is in use.
    std::unordered_map<std::string, Prepared, TextHash, std::equal_to<>> kept_;
};

// A prepared statement. bind() by position from 1; step() says whether there is a row; columns from
// 0. reset() before it is used again (bindings are cleared). Must not outlive its Database.
class Statement {
  public:
    Statement(Database& database, std::string_view sql);

    Statement& bind(int index, std::int64_t value);
    Statement& bind(int index, std::uint64_t value) {
        return bind(index, static_cast<std::int64_t>(value));
    }
    Statement& bind(int index, int value) { return bind(index, static_cast<std::int64_t>(value)); }
    Statement& bind(int index, const Digest& value);
    // The bytes must live until the statement is reset.
    Statement& bind_blob(int index, std::string_view bytes);
    Statement& bind_text(int index, std::string_view text);
    Statement& bind_null(int index);

    // True: a row is there. False: done.
    bool step();
    // For a statement without results: step() and reset().
    void run();
    void reset();

    [[nodiscard]] bool is_null(int column) const;
    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] std::uint64_t unsigned_integer(int column) const {
        return static_cast<std::uint64_t>(integer(column));
    }
    // Blob or text; valid until the next step() or reset().
    [[nodiscard]] std::string_view bytes(int column) const;
    // Throws state_damaged unless the column holds 32 bytes.
    [[nodiscard]] Digest digest(int column) const;

  private:
    struct GiveBack {
        Database* database = nullptr;
        void operator()(sqlite3_stmt* statement) const;
    };
    void check(int code) const;

    Database* database_;
    std::unique_ptr<sqlite3_stmt, GiveBack> statement_;
};

// BEGIN IMMEDIATE; commit() makes everything since durable; rolled back by the destructor
// otherwise.
class Transaction {
  public:
    explicit Transaction(Database& database);
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    void commit();

  private:
    Database& database_;
    bool open_ = true;
};

// One consistent view of what is committed now, whatever others commit meanwhile.
class ReadTransaction {
  public:
    explicit ReadTransaction(Database& database);
    ~ReadTransaction();
    ReadTransaction(const ReadTransaction&) = delete;
    ReadTransaction& operator=(const ReadTransaction&) = delete;

  private:
    void end() const;

    Database& database_;
};

}  // namespace farshore::storage
