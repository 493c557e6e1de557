#pragma once
// What applying a cut did to one replica.

#include <cstdint>
#include <string>
#include <vector>

namespace farshore::secondary {

// A bounded list: the first ones, and how many there were.
class Noted {
  public:
    static constexpr std::size_t shown = 100;

    void add(std::string text) {
        ++count_;
        if (first_.size() < shown) {
            first_.push_back(std::move(text));
        }
    }
    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] const std::vector<std::string>& first() const { return first_; }

  private:
    std::uint64_t count_ = 0;
    std::vector<std::string> first_;
};

struct ApplyReport {
    std::uint64_t placed = 0;    // files whose content was put in place
    std::uint64_t metadata = 0;  // files of which only metadata changed, or nothing
    std::uint64_t linked = 0;    // names that became another name of a file
    std::uint64_t specials = 0;  // symlinks, fifos, sockets, devices
    std::uint64_t directories = 0;
    std::uint64_t removed = 0;
    Noted altered;   // what was not as we had left it: path and what was done
    Noted not_kept;  // paths of which owner, xattrs or the node itself can't be kept here
};

}  // namespace farshore::secondary
