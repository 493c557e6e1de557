#include "agent/secondary/postgres/ddl_command.hpp"

#include <cstdint>

#include "agent/secondary/postgres/sql_statements.hpp"
#include "protocol/error.hpp"

// A row of farshore.ddl, and a text of SQL: both come from whoever may run DDL on the primary.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace farshore;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    try {
        (void)secondary::choose_statement(secondary::parse_ddl_command(bytes));
    } catch (const Error&) {
    }
    for (const auto escapes : {secondary::Backslash::ordinary, secondary::Backslash::escape}) {
        for (const auto& statement : secondary::split_statements(bytes, escapes)) {
            (void)secondary::without_concurrently(statement);
            (void)secondary::without_tablespace(statement);
            (void)secondary::without_role(statement, "a");
            (void)secondary::mentions(statement, "public.a");
        }
    }
    return 0;
}
