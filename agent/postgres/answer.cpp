#include "agent/postgres/answer.hpp"

#include <libpq-fe.h>

#include <charconv>
#include <string>

#include "protocol/error.hpp"

namespace farshore::postgres {

namespace {

template <typename T>
bool parse(std::string_view text, T& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

void Answer::clear(pg_result* result) {
    PQclear(result);
}

bool Answer::is_failure() const {
    switch (PQresultStatus(result_.get())) {
        case PGRES_COMMAND_OK:
        case PGRES_TUPLES_OK:
        case PGRES_SINGLE_TUPLE:
        case PGRES_EMPTY_QUERY:
        case PGRES_COPY_IN:
        case PGRES_COPY_OUT:
        case PGRES_COPY_BOTH:
        case PGRES_PIPELINE_SYNC:
            return false;
        default:
            return true;
    }
}

int Answer::rows() const {
    return PQntuples(result_.get());
}

bool Answer::is_null(int row, int column) const {
    return PQgetisnull(result_.get(), row, column) != 0;
}

std::string_view Answer::text(int row, int column) const {
    const int length = PQgetlength(result_.get(), row, column);
    return {PQgetvalue(result_.get(), row, column), static_cast<std::size_t>(length)};
}

std::int64_t Answer::integer(int row, int column) const {
    std::int64_t value = 0;
    if (!parse(text(row, column), value)) {
        throw Error(ErrorCode::internal, "the database answered \"" +
                                             std::string(text(row, column)) +
                                             "\" where a number belongs");
    }
    return value;
}

std::uint64_t Answer::affected() const {
    std::uint64_t count = 0;
    (void)parse(PQcmdTuples(const_cast<pg_result*>(result_.get())), count);
    return count;
}

std::string_view Answer::sqlstate() const {
    const char* state = PQresultErrorField(result_.get(), PG_DIAG_SQLSTATE);
    return state == nullptr ? std::string_view() : std::string_view(state);
}

}  // namespace farshore::postgres
