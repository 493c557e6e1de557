#pragma once
// Results go to standard output, messages and progress to standard error.

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "agent/runtime/system_clock.hpp"
#include "protocol/error.hpp"

namespace farshore::commands {

// Writes and flushes; throws Error(io) when standard output is gone.
void print(std::string_view text);
// One line of JSON.
void print_json(const boost::json::value& value);
// "farshore: MESSAGE" and the hint.
void print_error(const Error& error);

// Asks on the terminal; false without one, and for every answer but yes.
[[nodiscard]] bool confirm(const std::string& question);

// One line on the terminal that is written over; nothing within the first two seconds, nothing
// without a terminal.
class ProgressLine {
  public:
    ProgressLine();
    ~ProgressLine();
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;

    // `total` null: how much there is is not known.
    void show(const std::string& what, double done, std::optional<double> total,
              const std::string& unit);
    void clear();

  private:
    runtime::SystemClock clock_;
    BootTime began_;
    BootTime shown_;
    bool terminal_;
    bool visible_ = false;
};

}  // namespace farshore::commands
