#pragma once
// One table of the config file, read by the option table: strict types, bounds, defaults. Every
// complaint names file, line and key.

#include <toml++/toml.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config/config.hpp"
#include "agent/config/option_table.hpp"

namespace farshore::config {

// Throws Error(bad_config) "FILE:LINE: KEY: MESSAGE".
[[noreturn]] void complain(const std::string& file, std::uint32_t line, std::string_view key,
                           const std::string& message);

// Invariants: every key of the table is in the option table (checked when made). A missing table
// reads as its defaults.
class Section {
  public:
    // `content` may be null: the table is not in the file.
    Section(std::string file, std::string_view table, const toml::table* content);

    [[nodiscard]] std::string text(std::string_view key) const;  // any type that is a string
    [[nodiscard]] std::string path(std::string_view key) const;  // absolute, or ""
    [[nodiscard]] bool boolean(std::string_view key) const;
    [[nodiscard]] std::int64_t integer(std::string_view key) const;
    [[nodiscard]] Duration duration(std::string_view key) const;
    [[nodiscard]] std::optional<std::uint64_t> size(std::string_view key) const;  // null: ""
    [[nodiscard]] DeleteGuard delete_guard(std::string_view key) const;
    [[nodiscard]] std::vector<std::string> list(std::string_view key) const;

    // Complains about that key, at its line (or the table's when it is not there).
    [[noreturn]] void fail(std::string_view key, const std::string& message) const;

  private:
    const Option& option(std::string_view key) const;
    const toml::node* node(std::string_view key) const;
    std::string checked_text(const Option& option) const;
    void check_bounds(const Option& option, std::int64_t value, std::string_view unit) const;

    std::string file_;
    std::string table_;
    const toml::table* content_;
};

// `path` as seen from the folder of `file`.
[[nodiscard]] std::string resolve_beside(const std::string& file, const std::string& path);

}  // namespace farshore::config
