#pragma once
// Combinations that can not work, although each option by itself is right. Pure.

#include <cstddef>
#include <optional>
#include <string>

#include "agent/config/config.hpp"

namespace farshore::config {

struct Objection {
    std::string table;      // "tree"
    std::size_t index = 0;  // which [[tree]]
    std::string key;        // "path"
    std::string message;
};

// The first thing that can not work; null when everything fits.
[[nodiscard]] std::optional<Objection> find_objection(const Config& config);

}  // namespace farshore::config
