#pragma once
// Values that no statement's parameter may be, for their size: in a temporary table of the session.

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/postgres/connection.hpp"
#include "agent/secondary/postgres/large_change.hpp"

namespace farshore::secondary {

// An expression for value number `number`, a text.
[[nodiscard]] std::string large_value_expression(std::string_view number);
// The statement that empties the table.
extern const char* const forget_large_values;

// Fills the table, by one COPY as long as values come. The connection is in no pipeline meanwhile,
// and within a transaction.
class LargeValues : public LargeValueSink {
  public:
    explicit LargeValues(postgres::Connection& connection) : connection_(connection) {}

    void begin(std::uint32_t number, std::size_t bytes) override;
    void add(std::string_view bytes) override;
    // All values are there. True when there were any.
    bool finish();

  private:
    void open();
    void put(std::string_view bytes);

    postgres::Connection& connection_;
    bool is_open_ = false;
};

}  // namespace farshore::secondary
