#pragma once
// The options of one command. CLI11 does the work; it is slow to compile and stays in the .cpp.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/commands/command.hpp"
#include "protocol/time.hpp"

namespace farshore::commands {

// The targets must live until parse() has returned. An option that is not given leaves its target
// as it is; what is in it before is shown as the default.
class CommandLine {
  public:
    CommandLine(const std::string& name, const std::string& summary, const std::string& example);
    ~CommandLine();
    CommandLine(const CommandLine&) = delete;
    CommandLine& operator=(const CommandLine&) = delete;

    enum class Need : std::uint8_t { optional, required };

    void option(const std::string& name, const std::string& value, std::string& into,
                const std::string& help, Need need = Need::optional);
    // May be given several times.
    void options(const std::string& name, const std::string& value, std::vector<std::string>& into,
                 const std::string& help, Need need = Need::optional);
    void choice(const std::string& name, const std::vector<std::string>& allowed, std::string& into,
                const std::string& help);
    void duration(const std::string& name, Duration& into, const std::string& help);
    void flag(const std::string& name, bool& into, const std::string& help);
    void positional(const std::string& name, std::string& into, const std::string& help,
                    Need need = Need::required);
    // --socket PATH, or $FARSHORE_SOCKET.
    void socket(std::string& into);

    // Null: go on. Else --help was printed, and this is the exit status. Throws Error(usage).
    [[nodiscard]] std::optional<int> parse(const Arguments& arguments);

  private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
};

}  // namespace farshore::commands
