#pragma once
// Every option of the configuration, once: the parser, the example file and the manual page come
// from this table.

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace farshore::config {

enum class OptionType : std::uint8_t {
    name,  // of a stream, agent, tree or database
    text,
    choice,     // one of `choices`
    path,       // relative to the config file
    address,    // HOST:PORT
    store_url,  // file:PATH or s3://BUCKET/PREFIX
    conninfo,   // libpq's key=value form
    boolean,
    integer,
    duration,      // "30s"
    size,          // "64KiB"
    delete_guard,  // "25%" or a number of entries
    compression,   // "auto", "none", or a zstd level
    text_list,
};

enum class Roles : std::uint8_t { both, primary, secondary };

struct Option {
    std::string_view table = {};  // "agent"; of [[peer]], [[tree]] and [[database]] each
    std::string_view key = {};
    OptionType type = OptionType::text;
    // As in the file, without quotes; items of a list are separated by ", ".
    std::string_view default_value = {};
    bool required = false;
    bool may_be_empty = false;      // "" means: none
    std::string_view choices = {};  // "a|b|c"
    std::int64_t minimum = 0;       // integers; ms of durations; bytes of sizes
    std::int64_t maximum = std::numeric_limits<std::int64_t>::max();
    Roles roles = Roles::both;
    std::string_view example = {};  // for the example file; "": the default
    std::string_view sentence = {};
};

struct OptionGroup {
    std::string_view table = {};
    bool repeats = false;  // [[peer]]
    std::string_view sentence = {};
};

[[nodiscard]] std::span<const Option> options();
[[nodiscard]] std::span<const OptionGroup> option_groups();
// Null when there is no such option.
[[nodiscard]] const Option* find_option(std::string_view table, std::string_view key);
[[nodiscard]] const OptionGroup* find_group(std::string_view table);

}  // namespace farshore::config
