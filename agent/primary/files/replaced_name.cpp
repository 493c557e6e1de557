#include "agent/primary/files/replaced_name.hpp"

namespace farshore::primary {

namespace {

constexpr int most_suffixes = 3;

}  // namespace

std::vector<std::string> names_replaced_by(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    const std::string_view directory = path.substr(0, slash == path.npos ? 0 : slash + 1);
    std::string_view name = path.substr(directory.size());
    std::vector<std::string> names;
    const auto add = [&] { names.push_back(std::string(directory).append(name)); };
    const std::size_t whole = name.size();
    if (name.size() > 1 && (name.front() == '.' || name.front() == '#' || name.front() == '~')) {
        name.remove_prefix(1);
    }
    if (name.size() > 1 && (name.back() == '~' || name.back() == '#')) {
        name.remove_suffix(1);
    }
    if (name.size() < whole) {
        add();
    }
    for (int i = 0; i < most_suffixes; ++i) {
        const std::size_t dot = name.rfind('.');
        if (dot == name.npos || dot == 0) {
            break;
        }
        name = name.substr(0, dot);
        add();
    }
    return names;
}

}  // namespace farshore::primary
