#pragma once
// farshore is a guest: no UPDATE or DELETE of the application may fail because its table is
// published without a replica identity.

#include <string>

#include "agent/postgres/connection.hpp"

namespace farshore::primary {

// What is in schema farshore runs with our rights. Throws Error(database_refused) when it is there
// and belongs to a role that is neither ours nor a superuser.
void require_own_schema(postgres::Connection& connection);

// Makes schema farshore, and the event trigger that gives a published table REPLICA IDENTITY FULL
// in the same transaction in which DDL takes its key away (or takes the table out of the
// publication when it can't). It catches every error. Returns what is missing, as a sentence: an
// event trigger needs a superuser; empty when all is there.
[[nodiscard]] std::string ensure_guard(postgres::Connection& connection);
[[nodiscard]] bool has_guard(postgres::Connection& connection);

// Gives the table REPLICA IDENTITY FULL and notes what it had, for detach. False when its lock was
// not to be had within 100 ms: the caller tries again.
[[nodiscard]] bool give_full_identity(postgres::Connection& connection, const std::string& schema,
                                      const std::string& table);

// The sentence of ensure_guard() and uncovered() for a database without it.
extern const char* const guard_missing;

}  // namespace farshore::primary
