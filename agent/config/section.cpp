#include "agent/config/section.hpp"

#include <fmt/core.h>

#include <charconv>
#include <filesystem>

#include "agent/config/quantity.hpp"
#include "protocol/assert.hpp"
#include "protocol/error.hpp"

namespace farshore::config {

namespace {

bool is_choice(std::string_view choices, std::string_view text) {
    while (!choices.empty()) {
        const auto bar = choices.find('|');
        if (choices.substr(0, bar) == text) {
            return true;
        }
        choices = bar == std::string_view::npos ? "" : choices.substr(bar + 1);
    }
    return false;
}

bool is_compression(std::string_view text) {
    int level = 0;
    const char* end = text.data() + text.size();
    const auto [rest, failure] = std::from_chars(text.data(), end, level);
    return text == "auto" || text == "none" ||
           (failure == std::errc{} && rest == end && level >= 1 && level <= 19);
}

// What is wrong with the text; empty when nothing is.
std::string objection(const Option& option, const std::string& text) {
    switch (option.type) {
        case OptionType::name:
            return is_valid_name(text) ? "" : "is not a name: letters, digits, . _ - (63 at most)";
        case OptionType::choice:
            return is_choice(option.choices, text)
                       ? ""
                       : fmt::format("must be one of {}", std::string(option.choices));
        case OptionType::address:
            return parse_host_port(text) ? "" : "is not HOST:PORT";
        case OptionType::duration:
            return parse_duration(text) ? "" : "is not a duration like \"500ms\", \"30s\", \"1h\"";
        case OptionType::size:
            return parse_size(text) ? "" : "is not a size like \"64KiB\", \"512MiB\", \"2GB\"";
        case OptionType::delete_guard:
            return parse_delete_guard(text) ? "" : "is neither a share like \"25%\" nor a number";
        case OptionType::compression:
            return is_compression(text) ? "" : "must be \"auto\", \"none\" or a level from 1 to 19";
        case OptionType::store_url:
            return (text.starts_with("file:") && text.size() > 5) ||
                           (text.starts_with("s3://") && text.size() > 5 && text[5] != '/')
                       ? ""
                       : "is neither file:PATH nor s3://BUCKET/PREFIX";
        default:
            return "";
    }
}

}  // namespace

void complain(const std::string& file, std::uint32_t line, std::string_view key,
              const std::string& message) {
    throw Error(ErrorCode::bad_config, fmt::format("{}:{}: {}: {}", file, line, key, message));
}

std::string resolve_beside(const std::string& file, const std::string& path) {
    const std::filesystem::path beside = std::filesystem::path(file).parent_path() / path;
    std::string result = beside.lexically_normal().string();
    while (result.size() > 1 && result.back() == '/') {
        result.pop_back();
    }
    return result;
}

Section::Section(std::string file, std::string_view table, const toml::table* content)
    : file_(std::move(file)), table_(table), content_(content) {
    if (content_ == nullptr) {
        return;
    }
    for (const auto& [key, value] : *content_) {
        if (find_option(table_, key.str()) == nullptr) {
            complain(file_, key.source().begin.line, fmt::format("{}.{}", table_, key.str()),
                     "unknown key");
        }
    }
}

void Section::fail(std::string_view key, const std::string& message) const {
    const toml::node* at = node(key);
    if (at == nullptr) {
        at = content_;
    }
    complain(file_, at == nullptr ? 1 : at->source().begin.line, fmt::format("{}.{}", table_, key),
             message);
}

const Option& Section::option(std::string_view key) const {
    const Option* found = find_option(table_, key);
    FARSHORE_ASSERT(found != nullptr);
    return *found;
}

const toml::node* Section::node(std::string_view key) const {
    return content_ == nullptr ? nullptr : content_->get(key);
}

std::string Section::checked_text(const Option& option) const {
    const toml::node* found = node(option.key);
    if (found == nullptr) {
        if (option.required) {
            fail(option.key, "is missing");
        }
        return std::string(option.default_value);
    }
    std::string text;
    const bool number_too =
        option.type == OptionType::delete_guard || option.type == OptionType::compression;
    if (const auto* string = found->as_string()) {
        text = string->get();
    } else if (number_too && found->is_integer()) {
        text = std::to_string(found->as_integer()->get());
    } else {
        fail(option.key, "must be a text in quotes");
    }
    if (text.find('\0') != std::string::npos) {
        fail(option.key, "holds a NUL character");
    }
    if (text.empty() && !option.may_be_empty) {
        fail(option.key, "is empty");
    }
    const std::string wrong = text.empty() ? "" : objection(option, text);
    if (!wrong.empty()) {
        fail(option.key, fmt::format("\"{}\" {}", text, wrong));
    }
    return text;
}

void Section::check_bounds(const Option& option, std::int64_t value, std::string_view unit) const {
    if (value < option.minimum || value > option.maximum) {
        const bool bounded = option.maximum != std::numeric_limits<std::int64_t>::max();
        const std::string most =
            bounded ? fmt::format(" and at most {}{}", option.maximum, unit) : "";
        fail(option.key, fmt::format("must be at least {}{}{}", option.minimum, unit, most));
    }
}

std::string Section::text(std::string_view key) const {
    return checked_text(option(key));
}

std::string Section::path(std::string_view key) const {
    const std::string text = checked_text(option(key));
    return text.empty() ? text : resolve_beside(file_, text);
}

bool Section::boolean(std::string_view key) const {
    const Option& wanted = option(key);
    const toml::node* found = node(key);
    if (found == nullptr) {
        return wanted.default_value == "true";
    }
    if (!found->is_boolean()) {
        fail(key, "must be true or false");
    }
    return found->as_boolean()->get();
}

std::int64_t Section::integer(std::string_view key) const {
    const Option& wanted = option(key);
    std::int64_t value = 0;
    if (const toml::node* found = node(key)) {
        if (!found->is_integer()) {
            fail(key, "must be a whole number");
        }
        value = found->as_integer()->get();
    } else {
        const auto& text = wanted.default_value;
        std::from_chars(text.data(), text.data() + text.size(), value);
    }
    check_bounds(wanted, value, "");
    return value;
}

Duration Section::duration(std::string_view key) const {
    const Option& wanted = option(key);
    const auto value = parse_duration(checked_text(wanted));
    FARSHORE_ASSERT(value.has_value());
    check_bounds(wanted, value->nanoseconds / 1'000'000, "ms");
    return *value;
}

std::optional<std::uint64_t> Section::size(std::string_view key) const {
    const Option& wanted = option(key);
    const std::string text = checked_text(wanted);
    if (text.empty()) {
        return std::nullopt;
    }
    const auto value = parse_size(text);
    FARSHORE_ASSERT(value.has_value());
    check_bounds(wanted, static_cast<std::int64_t>(*value), " bytes");
    return value;
}

DeleteGuard Section::delete_guard(std::string_view key) const {
    const auto guard = parse_delete_guard(checked_text(option(key)));
    FARSHORE_ASSERT(guard.has_value());
    return *guard;
}

std::vector<std::string> Section::list(std::string_view key) const {
    const Option& wanted = option(key);
    std::vector<std::string> items;
    const toml::node* found = node(key);
    if (found == nullptr) {
        if (!wanted.default_value.empty()) {
            items.emplace_back(wanted.default_value);
        }
        return items;
    }
    if (!found->is_array()) {
        fail(key, "must be a list of texts");
    }
    for (const toml::node& item : *found->as_array()) {
        const auto* string = item.as_string();
        if (string == nullptr || string->get().empty()) {
            fail(key, "must hold only texts that are not empty");
        }
        items.push_back(string->get());
    }
    return items;
}

}  // namespace farshore::config
