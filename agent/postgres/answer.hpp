#pragma once
// The answer to one statement.

#include <cstdint>
#include <memory>
#include <string_view>

struct pg_result;

namespace farshore::postgres {

class Answer {
  public:
    explicit Answer(pg_result* result) : result_(result, &clear) {}

    [[nodiscard]] bool is_failure() const;
    [[nodiscard]] int rows() const;
    [[nodiscard]] bool is_null(int row, int column) const;
    // Empty for NULL. Valid as long as the Answer.
    [[nodiscard]] std::string_view text(int row, int column) const;
    // Throws Error(internal) when the value is no integer.
    [[nodiscard]] std::int64_t integer(int row, int column) const;
    [[nodiscard]] bool boolean(int row, int column) const { return text(row, column) == "t"; }
    // How many rows an INSERT, UPDATE, DELETE or COPY touched.
    [[nodiscard]] std::uint64_t affected() const;
    // Of a failure; empty when the server did not say.
    [[nodiscard]] std::string_view sqlstate() const;
    [[nodiscard]] const pg_result* raw() const { return result_.get(); }

  private:
    static void clear(pg_result* result);

    std::unique_ptr<pg_result, void (*)(pg_result*)> result_;
};

}  // namespace farshore::postgres
