#pragma once
// `exclude` of a tree: gitignore patterns.

#include <string>
#include <string_view>
#include <vector>

namespace farshore::primary {

// The rules of gitignore(5) for one file at the tree's root, read line by line; comparison is by
// bytes. Immutable, so thread-safe.
class ExcludePatterns {
  public:
    explicit ExcludePatterns(const std::vector<std::string>& lines);

    [[nodiscard]] bool empty() const { return rules_.empty(); }
    // Also true for what lies in an excluded directory, whatever a later rule says of it.
    [[nodiscard]] bool excludes(std::string_view path, bool is_directory) const;

  private:
    struct Rule {
        std::vector<std::string> segments;  // "**": any number of directories
        bool directories_only = false;
        bool includes = false;  // "!": not excluded after all
    };

    [[nodiscard]] static bool parse(std::string_view line, Rule& rule);
    [[nodiscard]] bool matches_itself(std::string_view path, bool is_directory) const;

    std::vector<Rule> rules_;
};

}  // namespace farshore::primary
