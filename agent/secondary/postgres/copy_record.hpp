#pragma once
// What a first copy has done in the replica already, so that it goes on there after an
// interruption: farshore.copy and farshore.copy_steps.

#include <set>
#include <string>

#include "agent/postgres/connection.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/message_database.hpp"

namespace farshore::secondary {

struct CopyRecord {
    bool has_schema = false;  // pre_data is there, as `schema` has it
    std::string schema;       // CopyBegin's digests, in hex
    std::string ddl;
    std::set<std::string> steps;  // of post_data, that are done: digests in hex
};

[[nodiscard]] CopyRecord read_copy_record(postgres::Connection& connection,
                                          const StreamName& stream, const SourceName& database);
// A copy begins from nothing. Makes the tables when they are missing.
void begin_copy_record(postgres::Connection& connection, const StreamName& stream,
                       const SourceName& database, const CopyBegin& begin);
// The next copy begins on the schema that is there.
void record_copied_ddl(postgres::Connection& connection, const StreamName& stream,
                       const SourceName& database, const CopyBegin& begin);
void record_copied_schema(postgres::Connection& connection, const StreamName& stream,
                          const SourceName& database);
// The statement that records a step; it runs in the step's own transaction.
[[nodiscard]] std::string record_step_sql(postgres::Connection& connection,
                                          const StreamName& stream, const SourceName& database,
                                          const std::string& step);
// The replica's schema is no longer the one that was copied: the next copy begins from nothing.
void forget_copied_schema(postgres::Connection& connection, const StreamName& stream,
                          const SourceName& database);

}  // namespace farshore::secondary
