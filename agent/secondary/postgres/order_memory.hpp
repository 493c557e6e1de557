#pragma once
// The tables whose changes have to be applied one by one for a while, as they came.

#include <cstdint>
#include <iterator>
#include <map>
#include <string>

namespace farshore::secondary {

// A table gets in when a run of its changes was refused: a second unique index may allow nothing
// but the original order, and what did so once will do so again.
class OrderMemory {
  public:
    void keep(const std::string& table) {
        groups_left_[table] = memory;
        ++fallbacks_;
    }
    [[nodiscard]] bool keeps(const std::string& table) const {
        return groups_left_.contains(table);
    }
    // A group has been committed.
    void end_group() {
        for (auto entry = groups_left_.begin(); entry != groups_left_.end();) {
            entry = --entry->second == 0 ? groups_left_.erase(entry) : std::next(entry);
        }
    }
    [[nodiscard]] std::uint64_t fallbacks() const { return fallbacks_; }

  private:
    static constexpr std::uint32_t memory = 64;

    std::map<std::string, std::uint32_t> groups_left_;
    std::uint64_t fallbacks_ = 0;
};

}  // namespace farshore::secondary
