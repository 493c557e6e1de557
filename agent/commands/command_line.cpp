#include "agent/commands/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "agent/config/quantity.hpp"
#include "protocol/error.hpp"

namespace farshore::commands {

struct CommandLine::Parser {
    CLI::App app;
    std::string name;
};

CommandLine::CommandLine(const std::string& name, const std::string& summary,
                         const std::string& example)
    : parser_(std::make_unique<Parser>()) {
    parser_->name = name;
    parser_->app.name("farshore " + name);
    parser_->app.description(summary);
    parser_->app.footer("\nExample:\n  " + example);
    parser_->app.set_help_flag("--help,-h", "Print this and leave");
}

CommandLine::~CommandLine() = default;

void CommandLine::option(const std::string& name, const std::string& value, std::string& into,
                         const std::string& help, Need need) {
    CLI::Option* added = parser_->app.add_option(name, into, help);
    added->type_name(value)->required(need == Need::required);
    if (!into.empty()) {
        added->capture_default_str();
    }
}

void CommandLine::options(const std::string& name, const std::string& value,
                          std::vector<std::string>& into, const std::string& help, Need need) {
    CLI::Option* added = parser_->app.add_option(name, into, help);
    added->type_name(value)->type_size(1)->expected(1)->allow_extra_args(false);
    added->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->required(need == Need::required);
}

void CommandLine::choice(const std::string& name, const std::vector<std::string>& allowed,
                         std::string& into, const std::string& help) {
    parser_->app.add_option(name, into, help)->check(CLI::IsMember(allowed))->capture_default_str();
}

void CommandLine::duration(const std::string& name, Duration& into, const std::string& help) {
    const auto set = [&into, name](const std::string& text) {
        const auto value = config::parse_duration(text);
        if (!value) {
            throw CLI::ValidationError(name, "\"" + text + "\" is not a duration like 30s");
        }
        into = *value;
    };
    const auto seconds = static_cast<std::int64_t>(into.seconds());
    parser_->app.add_option_function<std::string>(name, set, help)
        ->type_name("DURATION")
        ->default_str(std::to_string(seconds) + "s");
}

void CommandLine::flag(const std::string& name, bool& into, const std::string& help) {
    parser_->app.add_flag(name, into, help);
}

void CommandLine::positional(const std::string& name, std::string& into, const std::string& help,
                             Need need) {
    parser_->app.add_option(name, into, help)->required(need == Need::required)->type_name("");
}

void CommandLine::socket(std::string& into) {
    const char* named = std::getenv("FARSHORE_SOCKET");
    into = named != nullptr && *named != '\0' ? named : "/run/farshore/agent.sock";
    option("--socket", "PATH", into, "The agent's socket; also $FARSHORE_SOCKET");
}

std::optional<int> CommandLine::parse(const Arguments& arguments) {
    Arguments reversed(arguments.rbegin(), arguments.rend());  // as CLI11 wants it
    try {
        parser_->app.parse(reversed);
    } catch (const CLI::CallForHelp&) {
        std::cout << parser_->app.help();
        return 0;
    } catch (const CLI::ParseError& error) {
        throw Error(ErrorCode::usage, parser_->name + ": " + error.what());
    }
    return std::nullopt;
}

}  // namespace farshore::commands
