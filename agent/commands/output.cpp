#include "agent/commands/output.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "agent/commands/text_format.hpp"
#include "agent/control/json_text.hpp"
#include "agent/runtime/log.hpp"

namespace farshore::commands {

void print(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() ||
        std::fflush(stdout) != 0) {
        throw Error(ErrorCode::io, "cannot write the result to standard output");
    }
}

void print_json(const boost::json::value& value) {
    print(control::json_text(value) + "\n");
}

void print_error(const Error& error) {
    const auto hint = error_info(error.code()).hint;
    std::string text = fmt::format("farshore: {}\n", log::visible(error.message()));
    if (!hint.empty()) {
        text += fmt::format("  {}\n", hint);
    }
    // Where nobody can be told (a full disk, a closed pipe), the exit status still tells.
    static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
}

bool confirm(const std::string& question) {
    if (::isatty(STDIN_FILENO) == 0) {
        return false;
    }
    fmt::print(stderr, "{} [yes/no] ", question);
    std::string answer;
    std::getline(std::cin, answer);
    return answer == "yes";
}

ProgressLine::ProgressLine()
    : began_(clock_.boot_now()), shown_(began_), terminal_(::isatty(STDERR_FILENO) != 0) {}

ProgressLine::~ProgressLine() {
    clear();
}

void ProgressLine::show(const std::string& what, double done, std::optional<double> total,
                        const std::string& unit) {
    const BootTime now = clock_.boot_now();
    if (!terminal_ || now - began_ < Duration::from_ms(2'000) ||
        now - shown_ < Duration::from_ms(100)) {
        return;
    }
    shown_ = now;
    const bool bytes = unit == "bytes";
    const auto amount = [&](double value) {
        return bytes ? bytes_text(value) : fmt::format("{:.0f}", value);
    };
    std::string line = what + "  ";
    if (total && *total > 0) {
        constexpr int width = 30;
        const double share = done >= *total ? 1.0 : done / *total;
        const auto filled = static_cast<std::size_t>(share * width);
        line += fmt::format("[{}{}] {:3.0f} %  {} of {}", std::string(filled, '='),
                            std::string(width - filled, ' '), share * 100, amount(done),
                            amount(*total));
    } else {
        line += amount(done);
    }
    fmt::print(stderr, "\r\x1b[K{}{}", line, bytes ? "" : " " + unit);
    std::fflush(stderr);
    visible_ = true;
}

void ProgressLine::clear() {
    if (visible_) {
        fmt::print(stderr, "\r\x1b[K");
        std::fflush(stderr);
        visible_ = false;
    }
}

}  // namespace farshore::commands
