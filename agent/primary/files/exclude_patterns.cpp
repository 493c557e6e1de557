#include "agent/primary/files/exclude_patterns.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <span>

namespace farshore::primary {

namespace {

std::vector<std::string> split(std::string_view path) {
    std::vector<std::string> parts;
    for (std::size_t begin = 0; begin <= path.size();) {
        const std::size_t slash = std::min(path.find('/', begin), path.size());
        parts.emplace_back(path.substr(begin, slash - begin));
        begin = slash + 1;
    }
    return parts;
}

bool matches(std::span<const std::string> pattern, std::span<const std::string> path) {
    if (pattern.empty()) {
        return path.empty();
    }
    if (pattern.front() == "**") {
        // A "**" at the end stands for everything inside, not for the directory itself.
        if (pattern.size() == 1) {
            return !path.empty();
        }
        for (std::size_t skipped = 0; skipped <= path.size(); ++skipped) {
            if (matches(pattern.subspan(1), path.subspan(skipped))) {
                return true;
            }
        }
        return false;
    }
    return !path.empty() && ::fnmatch(pattern.front().c_str(), path.front().c_str(), 0) == 0 &&
           matches(pattern.subspan(1), path.subspan(1));
}

// Trailing spaces count only when they are escaped.
std::string_view without_trailing_spaces(std::string_view line) {
    while (line.ends_with(' ')) {
        const std::string_view before = line.substr(0, line.size() - 1);
        const std::size_t last = before.find_last_not_of('\\');
        const std::size_t escapes = before.size() - (last == std::string_view::npos ? 0 : last + 1);
        if (escapes % 2 == 1) {
            break;
        }
        line = before;
    }
    return line;
}

}  // namespace

ExcludePatterns::ExcludePatterns(const std::vector<std::string>& lines) {
    for (const std::string& line : lines) {
        Rule rule;
        if (parse(line, rule)) {
            rules_.push_back(std::move(rule));
        }
    }
}

bool ExcludePatterns::parse(std::string_view line, Rule& rule) {
    line = without_trailing_spaces(line);
    if (line.empty() || line.starts_with('#')) {
        return false;
    }
    if (line.starts_with('!')) {
        rule.includes = true;
        line.remove_prefix(1);
    }
    if (line.ends_with('/')) {
        rule.directories_only = true;
        line.remove_suffix(1);
    }
    // A slash before the end ties the pattern to the root; else it holds in every directory.
    const bool anchored = line.find('/') != std::string_view::npos;
    if (line.starts_with('/')) {
        line.remove_prefix(1);
    }
    if (line.empty()) {
        return false;
    }
    rule.segments = split(line);
    if (!anchored) {
        rule.segments.insert(rule.segments.begin(), "**");
    }
    return true;
}

bool ExcludePatterns::matches_itself(std::string_view path, bool is_directory) const {
    const std::vector<std::string> parts = split(path);
    for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
        if ((is_directory || !rule->directories_only) && matches(rule->segments, parts)) {
            return !rule->includes;
        }
    }
    return false;
}

bool ExcludePatterns::excludes(std::string_view path, bool is_directory) const {
    if (rules_.empty() || path == ".") {
        return false;
    }
    for (std::size_t slash = path.find('/'); slash != std::string_view::npos;
         slash = path.find('/', slash + 1)) {
        if (matches_itself(path.substr(0, slash), true)) {
            return true;
        }
    }
    return matches_itself(path, is_directory);
}

}  // namespace farshore::primary
