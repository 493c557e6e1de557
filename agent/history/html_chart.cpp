#include "agent/history/html_chart.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace farshore::history {

namespace {

constexpr std::size_t greatest_data = 45'000;  // minutes of a month
constexpr std::size_t columns = 460;           // of the standing chart
constexpr double left = 62;
constexpr double right = 988;
constexpr double top = 12;
constexpr double bottom = 288;

double milliseconds(Duration duration) {
    return duration.seconds() * 1e3;
}

// Logarithmic: from a tenth of a second to the decade above the greatest figure.
struct Scale {
    double low = 100;
    double high = 60'000;

    explicit Scale(const std::vector<Minute>& minutes) {
        for (const Minute& minute : minutes) {
            for (const auto& figure : {minute.rpo, minute.lag}) {
                high = std::max(high, figure ? milliseconds(figure->value) * 1.3 : 0);
            }
            high = std::max(high, minute.objective ? milliseconds(*minute.objective) * 2 : 0);
        }
    }
    [[nodiscard]] double y(double ms) const {
        const double share = std::log10(std::max(ms, low) / low) / std::log10(high / low);
        return bottom - (bottom - top) * std::min(1.0, share);
    }
};

// A line of steps; closed to the ground when it is to be filled.
std::string steps(const std::vector<Bucket>& buckets, const Scale& scale,
                  std::optional<Figure> Bucket::*which, bool closed) {
    std::string path;
    double first = 0;
    bool open = false;
    const double width =
        (right - left) / static_cast<double>(std::max<std::size_t>(1, buckets.size()));
    const auto close = [&] {
        if (open && closed) {
            path += fmt::format("V{}H{:.1f}Z", bottom, first);
        }
        open = false;
    };
    for (std::size_t i = 0; i < buckets.size(); ++i) {
        const std::optional<Figure>& figure = buckets[i].*which;
        const double x = left + width * static_cast<double>(i);
        if (!figure) {
            close();
            continue;
        }
        const double y = scale.y(milliseconds(figure->value));
        path += open ? fmt::format("V{:.1f}", y) : fmt::format("M{:.1f} {:.1f}", x, y);
        path += fmt::format("H{:.1f}", x + width);
        first = open ? first : x;
        open = true;
    }
    close();
    return path;
}

std::string missed_bars(const std::vector<Bucket>& buckets) {
    std::string out;
    const double width =
        (right - left) / static_cast<double>(std::max<std::size_t>(1, buckets.size()));
    for (std::size_t i = 0; i < buckets.size(); ++i) {
        if (buckets[i].missed > 0) {
            out += fmt::format(
                "<rect class=\"missed\" x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" "
                "height=\"{}\"/>",
                left + width * static_cast<double>(i), top, std::max(1.5, width), bottom - top);
        }
    }
    return out;
}

std::string goal_line(const std::vector<Bucket>& buckets, const Scale& scale) {
    std::string path;
    const double width =
        (right - left) / static_cast<double>(std::max<std::size_t>(1, buckets.size()));
    std::optional<Duration> now;
    for (std::size_t i = 0; i < buckets.size(); ++i) {
        if (!buckets[i].objective) {
            now.reset();
            continue;
        }
        const double x = left + width * static_cast<double>(i);
        if (buckets[i].objective != now) {
            now = buckets[i].objective;
            path += fmt::format("M{:.1f} {:.1f}", x, scale.y(milliseconds(*now)));
        }
        path += fmt::format("H{:.1f}", x + width);
    }
    return "<path class=\"goal\" d=\"" + path + "\"/>";
}

std::string axis(const std::vector<Minute>& minutes, const Scale& scale) {
    constexpr std::array<std::pair<double, const char*>, 8> ticks{{{1e2, "100 ms"},
                                                                   {1e3, "1 s"},
                                                                   {1e4, "10 s"},
                                                                   {6e4, "1 min"},
                                                                   {6e5, "10 min"},
                                                                   {3.6e6, "1 h"},
                                                                   {8.64e7, "1 d"},
                                                                   {8.64e8, "10 d"}}};
    std::string out;
    for (const auto& [ms, label] : ticks) {
        if (ms <= scale.high) {
            out += fmt::format(
                "<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>"
                "<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>",
                left, right, scale.y(ms), scale.y(ms), left - 8, scale.y(ms) + 4, label);
        }
    }
    if (!minutes.empty()) {
        const auto label = [](const Minute& minute) {
            std::string text = to_rfc3339(minute.begin).substr(0, 16);
            text[10] = ' ';
            return text;
        };
        out += fmt::format(
            "<text x=\"{}\" y=\"{}\">{}</text><text x=\"{}\" y=\"{}\" "
            "text-anchor=\"end\">{}</text>",
            left, bottom + 24, label(minutes.front()), right, bottom + 24, label(minutes.back()));
    }
    return out;
}

template <typename Each>
std::string join(const std::vector<Bucket>& buckets, Each each) {
    std::string out = "[";
    for (const Bucket& bucket : buckets) {
        out += out.size() > 1 ? "," : "";
        out += std::to_string(each(bucket));
    }
    return out + "]";
}

std::int64_t whole_ms(const std::optional<Figure>& figure) {
    return figure ? static_cast<std::int64_t>(std::llround(milliseconds(figure->value))) : -1;
}

std::string objective_steps(const std::vector<Bucket>& buckets) {
    std::string out = "[";
    std::optional<Duration> now;
    for (std::size_t i = 0; i < buckets.size(); ++i) {
        if (buckets[i].objective && buckets[i].objective != now) {
            now = buckets[i].objective;
            out += fmt::format("{}[{},{:.0f}]", out.size() > 1 ? "," : "", i, milliseconds(*now));
        }
    }
    return out + "]";
}

}  // namespace

std::vector<Bucket> buckets_of(const std::vector<Minute>& minutes, std::size_t most) {
    const std::size_t size = std::max<std::size_t>(1, (minutes.size() + most - 1) / most);
    std::vector<Bucket> buckets;
    for (std::size_t i = 0; i < minutes.size(); ++i) {
        const Minute& minute = minutes[i];
        if (i % size == 0) {
            buckets.push_back({minute.rpo, minute.lag, minute.objective, 0, 0});
        }
        Bucket& bucket = buckets.back();
        const auto worse = [](const auto& a, const auto& b) {
            return a && b ? std::max(a, b) : std::nullopt;
        };
        bucket.rpo = worse(bucket.rpo, minute.rpo);
        bucket.lag = worse(bucket.lag, minute.lag);
        ++bucket.minutes;
        bucket.missed += minute.is_met() ? 0 : 1;
    }
    return buckets;
}

std::string chart_svg(const std::vector<Minute>& minutes) {
    const Scale scale(minutes);
    const std::vector<Bucket> buckets = buckets_of(minutes, columns);
    return "<svg id=\"chart\" class=\"chart\" viewBox=\"0 0 1000 320\" role=\"img\" tabindex=\"0\">"
           "<title>The worst RPO of each minute against the objective</title>" +
           missed_bars(buckets) + axis(minutes, scale) + "<path class=\"area\" d=\"" +
           steps(buckets, scale, &Bucket::rpo, true) + "\"/><path class=\"lag\" d=\"" +
           steps(buckets, scale, &Bucket::lag, false) + "\"/><path class=\"rpo\" d=\"" +
           steps(buckets, scale, &Bucket::rpo, false) + "\"/>" + goal_line(buckets, scale) +
           "</svg>";
}

std::string chart_data(const std::vector<Minute>& minutes) {
    const Scale scale(minutes);
    const std::vector<Bucket> buckets = buckets_of(minutes, greatest_data);
    const std::uint64_t step = buckets.empty() ? 1 : buckets.front().minutes;
    const std::int64_t first =
        minutes.empty() ? 0 : minutes.front().begin.nanoseconds / one_minute.nanoseconds;
    return fmt::format(
        "{{\"t\":{},\"step\":{},\"low\":{:.0f},\"high\":{:.0f},\"o\":{},\"r\":{},"
        "\"e\":{},\"l\":{},\"m\":{}}}",
        first, step, scale.low, scale.high, objective_steps(buckets),
        join(buckets, [](const Bucket& b) { return whole_ms(b.rpo); }),
        join(buckets,
             [](const Bucket& b) {
                 return b.rpo ? b.rpo->error.nanoseconds / 1'000 : std::int64_t{0};
             }),
        join(buckets, [](const Bucket& b) { return whole_ms(b.lag); }),
        join(buckets, [](const Bucket& b) { return b.missed; }));
}

}  // namespace farshore::history
