#pragma once
// The example config file, made from the option table.

#include <string>

namespace farshore::config {

[[nodiscard]] std::string example_config();

}  // namespace farshore::config
