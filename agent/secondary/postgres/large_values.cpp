#include "agent/secondary/postgres/large_values.hpp"

#include <libpq-fe.h>

namespace farshore::secondary {

namespace {

using namespace std::string_view_literals;

// Not compressed: what is read once, and in whole, would only take longer.
constexpr const char* make_values =
    "SET LOCAL client_min_messages = warning;"
    "CREATE TEMPORARY TABLE IF NOT EXISTS farshore_value (n int4, v text);"
    "ALTER TABLE pg_temp.farshore_value ALTER COLUMN v SET STORAGE EXTERNAL";
// COPY's binary format (PostgreSQL manual, "COPY"): nothing has to be escaped, and the length of a
// value stands before it.
constexpr std::string_view copy_header = "PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0"sv;
constexpr std::string_view copy_trailer = "\xff\xff"sv;

void append_u32(std::string& to, std::size_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) {
        to.push_back(static_cast<char>((value >> shift) & 0xffU));
    }
}

}  // namespace

const char* const forget_large_values = "TRUNCATE pg_temp.farshore_value";

std::string large_value_expression(std::string_view number) {
    return "(SELECT v FROM pg_temp.farshore_value WHERE n = " + std::string(number) + ")";
}

void LargeValues::open() {
    connection_.execute(make_values);
    connection_.execute("COPY pg_temp.farshore_value FROM STDIN (FORMAT binary)");
    is_open_ = true;
    put(copy_header);
}

void LargeValues::begin(std::uint32_t number, std::size_t bytes) {
    if (!is_open_) {
        open();
    }
    std::string head("\0\2", 2);
    append_u32(head, sizeof(number));
    append_u32(head, number);
    append_u32(head, bytes);
    put(head);
}

void LargeValues::add(std::string_view bytes) {
    put(bytes);
}

bool LargeValues::finish() {
    if (!is_open_) {
        return false;
    }
    put(copy_trailer);
    if (PQputCopyEnd(connection_.raw(), nullptr) != 1) {
        connection_.lost();
    }
    while (const auto answer = connection_.next_answer()) {
        connection_.require(*answer);
    }
    is_open_ = false;
    return true;
}

void LargeValues::put(std::string_view bytes) {
    if (PQputCopyData(connection_.raw(), bytes.data(), static_cast<int>(bytes.size())) != 1) {
        connection_.lost();
    }
}

}  // namespace farshore::secondary
