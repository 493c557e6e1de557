#include "storage/evidence/evidence_tables.hpp"

#include <gtest/gtest.h>

#include "protocol/error.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::storage {
namespace {

TEST(EvidenceTables, AreMadeOnceAndRefusedFromTheFuture) {
    const test::TemporaryDirectory directory;
    Database database(directory / "state.db");
    make_evidence_tables(database);
    make_evidence_tables(database);
    database.execute("UPDATE evidence_format SET version = 2");
    try {
        make_evidence_tables(database);
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::bad_version);
    }
}

}  // namespace
}  // namespace farshore::storage
