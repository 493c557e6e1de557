#include "storage/state/secondary_schema.hpp"

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.hpp"

namespace farshore::storage {
namespace {

TEST(SecondarySchemaTest, AFileFromTheFutureIsRefused) {
    const test::TemporaryDirectory directory;
    Database database(directory / "state.db");
    prepare_secondary_tables(database);
    database.execute("UPDATE secondary_facts SET value = 99 WHERE name = 'schema'");
    try {
        prepare_secondary_tables(database);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::bad_version);
    }
}

}  // namespace
}  // namespace farshore::storage
