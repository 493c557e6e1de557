#pragma once
// What of a tree can't be read, or can't be watched, and why.

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "protocol/mark.hpp"

namespace farshore::primary {

// Invariants: at most `most` paths are kept by name, the rest is counted. What a full scan found
// that way stays said until the next one has looked at everything again. Not thread-safe.
class UncoveredPaths {
  public:
    explicit UncoveredPaths(std::size_t most) : most_(most) {}

    // Can't be read: what the secondary has of it may be old, and no mark is complete.
    void refuse(const std::string& path, const std::string& reason);
    // Can be read, but not watched: found by full scans only.
    void unwatched(const std::string& path, const std::string& reason);
    // Of a watched tree, something that is found by full scans only: said in each mark.
    void note(const std::string& name, const std::string& reason);
    void clear(const std::string& path);
    // Between the two a full scan finds anew what can't be watched or was only counted; one that
    // is given up is begun again.
    void begin_sweep();
    void end_sweep();

    [[nodiscard]] bool is_refused(const std::string& path) const { return refused_.contains(path); }
    [[nodiscard]] std::uint64_t refused() const {
        return refused_.size() + std::max(last_.refused_more, this_.refused_more);
    }
    [[nodiscard]] bool has_unwatched() const {
        return !last_.unwatched.empty() || !this_.unwatched.empty();
    }
    // `limit` of them at most.
    [[nodiscard]] std::vector<Uncovered> list(std::size_t limit) const;

  private:
    std::size_t most_;
    std::map<std::string, std::string> refused_;
    // By the scan that ended last, and since the begin of the one that runs.
    struct Found {
        std::uint64_t refused_more = 0;
        std::map<std::string, std::string> unwatched;
        std::map<std::string, std::string> noted;
    };
    Found last_;
    Found this_;
};

}  // namespace farshore::primary
