#pragma once
// The chart of a report: as SVG that stands by itself, and its figures for the page's script.

#include <string>
#include <vector>

#include "agent/history/minute.hpp"

namespace farshore::history {

// Minutes that follow each other, taken together: the worst of them.
struct Bucket {
    std::optional<Figure> rpo, lag;  // null: one of them is not known
    std::optional<Duration> objective;
    std::uint64_t minutes = 0;
    std::uint64_t missed = 0;
};
// At most `most` buckets of equal size (the last may be smaller).
[[nodiscard]] std::vector<Bucket> buckets_of(const std::vector<Minute>& minutes, std::size_t most);

[[nodiscard]] std::string chart_svg(const std::vector<Minute>& minutes);
// JSON for the script, safe within <script>.
[[nodiscard]] std::string chart_data(const std::vector<Minute>& minutes);

}  // namespace farshore::history
