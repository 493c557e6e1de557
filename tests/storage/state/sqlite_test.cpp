#include "storage/state/sqlite.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <array>

#include "tests/support/error_code.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::storage {
namespace {

using test::code_of;

class SqliteTest : public testing::Test {
  protected:
    [[nodiscard]] std::string path() const { return directory_ / "state.db"; }
    static std::int64_t count(Database& database) {
        Statement ask(database, "SELECT count(*) FROM t");
        EXPECT_TRUE(ask.step());
        return ask.integer(0);
    }

    test::TemporaryDirectory directory_;
};

TEST_F(SqliteTest, CommitsAreDurableByItsSettings) {
    Database database(path());
    for (const auto& [pragma, value] :
         {std::pair{"PRAGMA journal_mode", "wal"}, std::pair{"PRAGMA synchronous", "2"}}) {
        Statement ask(database, pragma);
        ASSERT_TRUE(ask.step());
        EXPECT_EQ(ask.bytes(0), value) << pragma;
    }
}

TEST_F(SqliteTest, ValuesComeBackAsTheyWereBound) {
    Database database(path());
    database.execute("CREATE TABLE t (a, b, c, d, e)");
    const Digest digest = sha256("x");
    const std::string bytes("\0\xff\n", 3);
    Statement insert(database, "INSERT INTO t VALUES (?1, ?2, ?3, ?4, ?5)");
    insert.bind(1, std::uint64_t{0xffff'ffff'ffff'fffe})
        .bind(2, digest)
        .bind_blob(3, bytes)
        .bind_text(4, "text")
        .bind_null(5)
        .run();
    Statement ask(database, "SELECT * FROM t");
    ASSERT_TRUE(ask.step());
    EXPECT_EQ(ask.unsigned_integer(0), 0xffff'ffff'ffff'fffe);
    EXPECT_EQ(ask.digest(1), digest);
    EXPECT_EQ(ask.bytes(2), bytes);
    EXPECT_EQ(ask.bytes(3), "text");
    EXPECT_TRUE(ask.is_null(4));
    EXPECT_EQ(code_of([&] { (void)ask.digest(3); }), ErrorCode::state_damaged);
    EXPECT_FALSE(ask.step());
}

TEST_F(SqliteTest, ATransactionIsAllOrNothing) {
    Database database(path());
    database.execute("CREATE TABLE t (a)");
    {
        Transaction transaction(database);
        database.execute("INSERT INTO t VALUES (1)");
    }
    EXPECT_EQ(count(database), 0);
    {
        Transaction transaction(database);
        database.execute("INSERT INTO t VALUES (1)");
        transaction.commit();
    }
    EXPECT_EQ(count(database), 1);
}

TEST_F(SqliteTest, AReadTransactionSeesOneState) {
    Database writer(path());
    writer.execute("CREATE TABLE t (a)");
    Database reader(path());
    {
        const ReadTransaction view(reader);
        EXPECT_EQ(count(reader), 0);
        writer.execute("INSERT INTO t VALUES (1)");
        EXPECT_EQ(count(reader), 0);
    }
    EXPECT_EQ(count(reader), 1);
}

TEST_F(SqliteTest, MigratesStepByStepAndRefusesTheFuture) {
    constexpr std::array<const char*, 1> one{"CREATE TABLE t (a)"};
    constexpr std::array<const char*, 2> two{"CREATE TABLE t (a)", "INSERT INTO t VALUES (1)"};
    Database database(path());
    database.migrate(one);
    database.migrate(one);
    EXPECT_EQ(count(database), 0);
    database.migrate(two);
    EXPECT_EQ(count(database), 1);
    EXPECT_EQ(code_of([&] { database.migrate(one); }), ErrorCode::bad_version);
}

TEST_F(SqliteTest, WhatIsNoDatabaseIsDamaged) {
    test::write_whole(path(), std::string(8192, 'x'));
    EXPECT_EQ(code_of([&] {
                  Database database(path());
                  database.execute("CREATE TABLE t (a)");
              }),
              ErrorCode::state_damaged);
}

TEST_F(SqliteTest, AFullDiskIsSaid) {
    Database database(path());
    database.execute("CREATE TABLE t (a)");
    database.execute("PRAGMA max_page_count = 4");
    EXPECT_EQ(code_of([&] {
                  for (int i = 0; i < 100; ++i) {
                      database.execute("INSERT INTO t VALUES (randomblob(4000))");
                  }
              }),
              ErrorCode::disk_full);
}

TEST_F(SqliteTest, AReadTransactionThatCannotReadLeavesNothingOpen) {
    Database database(path());
    const auto no_reading = [](void*, int action, const char*, const char*, const char*,
                               const char*) {
        return action == SQLITE_SELECT ? SQLITE_DENY : SQLITE_OK;
    };
    sqlite3_set_authorizer(database.raw(), no_reading, nullptr);
    EXPECT_THROW(const ReadTransaction refused(database), Error);
    sqlite3_set_authorizer(database.raw(), nullptr, nullptr);
    const ReadTransaction works(database);
}

}  // namespace
}  // namespace farshore::storage
