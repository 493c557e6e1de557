// farshore: parse, look up the command, run it, turn an error into an exit status.

#include <fmt/core.h>

#include <exception>
#include <string>
#include <vector>

#include "agent/commands/command.hpp"
#include "agent/commands/output.hpp"
#include "agent/runtime/standard_streams.hpp"
#include "protocol/error.hpp"

namespace {

int run(const std::string& name, const farshore::commands::Arguments& arguments) {
    using namespace farshore;
    const commands::Command* command = commands::find_command(name);
    if (command == nullptr) {
        throw Error(ErrorCode::usage,
                    fmt::format("there is no command \"{}\" in this version", name));
    }
    return command->run(arguments);
}

}  // namespace

int main(int count, char** words) {
    using namespace farshore;
    runtime::occupy_standard_streams();
    try {
        const commands::Arguments given(words + 1, words + count);
        if (given.empty()) {
            commands::print_error(Error(ErrorCode::usage, "which command?"));
            fmt::print(stderr, "\n{}", commands::overview());
            return 2;
        }
        if (given.front() == "--help" || given.front() == "-h" || given.front() == "help") {
            commands::print(commands::overview());
            return 0;
        }
        const bool version = given.front() == "--version";
        return run(version ? "version" : given.front(), {given.begin() + 1, given.end()});
    } catch (const Error& error) {
        commands::print_error(error);
        return error_info(error.code()).exit_status;
    } catch (const std::exception& failure) {
        commands::print_error(Error(ErrorCode::internal, failure.what()));
        return 2;
    }
}
