#pragma once
// The commands of farshore, in one table. Adding one adds a row and a file.

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace farshore::commands {

using Arguments = std::vector<std::string>;  // without the command's name

struct Command {
    std::string_view name;
    std::string_view summary;
    int (*run)(const Arguments& arguments);  // returns the exit status; throws Error
};

[[nodiscard]] std::span<const Command> commands();
// Null when there is none of that name.
[[nodiscard]] const Command* find_command(std::string_view name);
// "farshore COMMAND [options]" and the table, for people.
[[nodiscard]] std::string overview();

int run_agent(const Arguments& arguments);
int run_approve(const Arguments& arguments);
int run_check(const Arguments& arguments);
int run_detach(const Arguments& arguments);
int run_flush(const Arguments& arguments);
int run_init(const Arguments& arguments);
int run_keygen(const Arguments& arguments);
int run_lag(const Arguments& arguments);
int run_put(const Arguments& arguments);
int run_restore_deleted(const Arguments& arguments);
int run_status(const Arguments& arguments);
int run_report(const Arguments& arguments);
int run_verify(const Arguments& arguments);
int run_version(const Arguments& arguments);

}  // namespace farshore::commands
