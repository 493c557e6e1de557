#include "agent/config/example.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>

#include "agent/config/option_table.hpp"

namespace farshore::config {

namespace {

std::string quoted(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            result.push_back('\\');
        }
        result.push_back(c);
    }
    return result + '"';
}

std::string quoted_list(std::string_view items) {
    std::string result = "[";
    while (!items.empty()) {
        const auto comma = items.find(", ");
        result += (result.size() > 1 ? ", " : "") + quoted(items.substr(0, comma));
        items = comma == std::string_view::npos ? "" : items.substr(comma + 2);
    }
    return result + "]";
}

std::string value_of(const Option& option) {
    const std::string_view text = option.example.empty() ? option.default_value : option.example;
    switch (option.type) {
        case OptionType::boolean:
        case OptionType::integer:
            return std::string(text);
        case OptionType::text_list:
            return quoted_list(text);
        default:
            return quoted(text);
    }
}

std::string_view role_remark(Roles roles) {
    return roles == Roles::primary ? " (primary)" : roles == Roles::secondary ? " (secondary)" : "";
}

// The sentence, wrapped, each line with "# " before it.
std::string remark(std::string_view sentence) {
    constexpr std::size_t width = 98;
    std::string result;
    while (sentence.size() > width) {
        const auto space = sentence.rfind(' ', width);
        result += fmt::format("# {}\n", sentence.substr(0, space));
        sentence = sentence.substr(space + 1);
    }
    return result + fmt::format("# {}\n", sentence);
}

}  // namespace

std::string example_config() {
    std::string text =
        "# farshore: every option, with its default where it has one. Unknown keys are errors.\n"
        "# `farshore agent --config FILE --check` says whether it is right.\n";
    for (const OptionGroup& group : option_groups()) {
        text += "\n" + remark(group.sentence);
        text += group.repeats ? fmt::format("[[{}]]\n", group.table)
                              : fmt::format("[{}]\n", group.table);
        for (const Option& option : options()) {
            if (option.table != group.table) {
                continue;
            }
            const std::string line = fmt::format("{} = {}", option.key, value_of(option));
            text +=
                fmt::format("{:<36} # {}{}\n", line, option.sentence, role_remark(option.roles));
        }
    }
    return text;
}

}  // namespace farshore::config
