#pragma once
// Which file a new one may be about to replace (pure), by its name: editors, rsync and databases
// write `.name.x1`, `name.tmp`, `name~` beside a file, and rename it.

#include <string>
#include <string_view>
#include <vector>

namespace farshore::primary {

// Paths in the same directory, the likeliest first; a handful at most. A guess: much of the new
// file may be in one of them.
[[nodiscard]] std::vector<std::string> names_replaced_by(std::string_view path);

}  // namespace farshore::primary
