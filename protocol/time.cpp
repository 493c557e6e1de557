#include "protocol/time.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <limits>

namespace farshore {

namespace {

constexpr std::int64_t nanoseconds_per_second = 1'000'000'000;
constexpr std::int64_t seconds_per_day = 86'400;
constexpr std::int64_t first_second = -62'135'596'800;  // 0001-01-01T00:00:00Z
constexpr std::int64_t last_second = 253'402'300'799;   // 9999-12-31T23:59:59Z

struct Date {
    std::int64_t year = 0;
    int month = 0;  // 1 to 12
    int day = 0;    // 1 to 31
};

// Proleptic Gregorian calendar, counted in eras of 400 years that begin on 1 March: so the leap day
// is the last of its year.
std::int64_t days_from_date(Date date) {
    const std::int64_t year = date.year - (date.month <= 2 ? 1 : 0);
    const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
    const std::int64_t year_of_era = year - era * 400;
    const int month_from_march = date.month > 2 ? date.month - 3 : date.month + 9;
    const std::int64_t day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
    const std::int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146'097 + day_of_era - 719'468;
}

Date date_from_days(std::int64_t days) {
    const std::int64_t shifted = days + 719'468;
    const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146'096) / 146'097;
    const std::int64_t day_of_era = shifted - era * 146'097;
    const std::int64_t year_of_era =
        (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
    const std::int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
    Date date;
    date.day = static_cast<int>(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    date.month =
        static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    date.year = year_of_era + era * 400 + (date.month <= 2 ? 1 : 0);
    return date;
}

int days_in_month(std::int64_t year, int month) {
    static constexpr std::array<int, 12> lengths{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : lengths[static_cast<std::size_t>(month) - 1];
}

// floor division: the remainder is never negative.
FileTime split(std::int64_t nanoseconds) {
    std::int64_t seconds = nanoseconds / nanoseconds_per_second;
    std::int64_t rest = nanoseconds % nanoseconds_per_second;
    if (rest < 0) {
        rest += nanoseconds_per_second;
        --seconds;
    }
    return {seconds, static_cast<std::uint32_t>(rest)};
}

// For first_second <= seconds <= last_second.
std::string format(FileTime time) {
    std::int64_t days = time.seconds / seconds_per_day;
    std::int64_t second_of_day = time.seconds % seconds_per_day;
    if (second_of_day < 0) {
        second_of_day += seconds_per_day;
        --days;
    }
    const Date date = date_from_days(days);
    std::array<char, 64> text{};
    const int length = std::snprintf(
        text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%09uZ",
        static_cast<int>(date.year), date.month, date.day, static_cast<int>(second_of_day / 3'600),
        static_cast<int>(second_of_day / 60 % 60), static_cast<int>(second_of_day % 60),
        time.nanoseconds);
    return {text.data(), static_cast<std::size_t>(length)};
}

// Takes characters from the front of a text; once something doesn't fit, ok stays false.
struct Scanner {
    std::string_view text;
    bool ok = true;

    int digits(std::size_t count) {
        if (text.size() < count) {
            ok = false;
            return 0;
        }
        int value = 0;
        for (std::size_t i = 0; i < count; ++i) {
            if (text[i] < '0' || text[i] > '9') {
                ok = false;
                return 0;
            }
            value = value * 10 + (text[i] - '0');
        }
        text.remove_prefix(count);
        return value;
    }

    bool take(std::string_view any_of) {
        if (text.empty() || any_of.find(text.front()) == std::string_view::npos) {
            return false;
        }
        text.remove_prefix(1);
        return true;
    }

    void require(std::string_view any_of) { ok = take(any_of) && ok; }

    std::uint32_t fraction() {
        std::uint32_t value = 0;
        std::size_t count = 0;
        while (count < 9 && !text.empty() && text.front() >= '0' && text.front() <= '9') {
            value = value * 10 + static_cast<std::uint32_t>(text.front() - '0');
            text.remove_prefix(1);
            ++count;
        }
        ok = ok && count > 0;
        for (; count < 9; ++count) {
            value *= 10;
        }
        return value;
    }

    std::int64_t offset_seconds() {
        if (take("Zz")) {
            return 0;
        }
        const bool west = !text.empty() && text.front() == '-';
        require("+-");
        const int hours = digits(2);
        require(":");
        const int minutes = digits(2);
        ok = ok && hours <= 23 && minutes <= 59;
        const std::int64_t seconds = hours * 3'600 + minutes * 60;
        return west ? -seconds : seconds;
    }
};

std::optional<FileTime> parse(std::string_view text) {
    Scanner in{text};
    Date date;
    date.year = in.digits(4);
    in.require("-");
    date.month = in.digits(2);
    in.require("-");
    date.day = in.digits(2);
    in.require("Tt");
    const std::int64_t hour = in.digits(2);
    in.require(":");
    const std::int64_t minute = in.digits(2);
    in.require(":");
    const int second = in.digits(2);
    const std::uint32_t fraction = in.take(".") ? in.fraction() : 0;
    const std::int64_t offset = in.offset_seconds();
    if (!in.ok || !in.text.empty() || date.year < 1 || date.month < 1 || date.month > 12 ||
        date.day < 1 || date.day > days_in_month(date.year, date.month) || hour > 23 ||
        minute > 59 || second > 59) {
        return std::nullopt;
    }
    const std::int64_t seconds =
        days_from_date(date) * seconds_per_day + hour * 3'600 + minute * 60 + second - offset;
    return FileTime{seconds, fraction};
}

bool has_rfc3339_form(FileTime time) {
    return time.seconds >= first_second && time.seconds <= last_second;
}

// 64 bits of seconds in nanoseconds need 94 bits.
__extension__ using Wide = __int128;

std::string decimal(Wide value) {
    std::string text;
    const bool negative = value < 0;
    do {
        const int digit = static_cast<int>(value % 10);
        text.insert(text.begin(), static_cast<char>('0' + (digit < 0 ? -digit : digit)));
        value /= 10;
    } while (value != 0);
    return negative ? "-" + text : text;
}

std::optional<FileTime> parse_decimal(std::string_view text) {
    const bool negative = text.starts_with('-');
    const std::string_view digits = text.substr(negative ? 1 : 0);
    if (digits.empty() || digits.size() > 28 || digits.front() == '0') {
        return std::nullopt;
    }
    Wide value = 0;
    for (char c : digits) {
        if (c < '0' || c > '9') {
            return std::nullopt;
        }
        value = value * 10 + (c - '0');
    }
    value = negative ? -value : value;
    Wide seconds = value / nanoseconds_per_second;
    Wide rest = value % nanoseconds_per_second;
    if (rest < 0) {
        rest += nanoseconds_per_second;
        --seconds;
    }
    if (seconds < std::numeric_limits<std::int64_t>::min() ||
        seconds > std::numeric_limits<std::int64_t>::max()) {
        return std::nullopt;
    }
    return FileTime{static_cast<std::int64_t>(seconds), static_cast<std::uint32_t>(rest)};
}

}  // namespace

std::string to_rfc3339(Timestamp time) {
    return format(split(time.nanoseconds));
}

std::optional<Timestamp> parse_rfc3339(std::string_view text) {
    const std::optional<FileTime> time = parse(text);
    if (!time) {
        return std::nullopt;
    }
    const Wide nanoseconds = static_cast<Wide>(time->seconds) * nanoseconds_per_second +
                             static_cast<Wide>(time->nanoseconds);
    if (nanoseconds < std::numeric_limits<std::int64_t>::min() ||
        nanoseconds > std::numeric_limits<std::int64_t>::max()) {
        return std::nullopt;
    }
    return Timestamp{static_cast<std::int64_t>(nanoseconds)};
}

std::string to_evidence_text(FileTime time) {
    if (has_rfc3339_form(time)) {
        return format(time);
    }
    return decimal(static_cast<Wide>(time.seconds) * nanoseconds_per_second +
                   static_cast<Wide>(time.nanoseconds));
}

std::optional<FileTime> parse_evidence_text(std::string_view text) {
    // Each time has exactly one text: what is written is what is read, so digests agree.
    std::optional<FileTime> time = text.ends_with('Z') ? parse(text) : parse_decimal(text);
    if (time && to_evidence_text(*time) != text) {
        return std::nullopt;
    }
    return time;
}

}  // namespace farshore
