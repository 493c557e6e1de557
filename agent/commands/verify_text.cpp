#include "agent/commands/verify_text.hpp"

#include <fmt/core.h>

#include <boost/json/array.hpp>

#include "agent/commands/text_format.hpp"
#include "agent/runtime/log.hpp"

namespace farshore::commands {

namespace json = boost::json;

namespace {

// "tree uploads", "chain".
std::string subject(const json::value& item) {
    const std::string source = text(item, "source");
    const std::string what = text(item, "what");
    return source.empty() || source == "-" ? what : what + " " + source;
}

std::string finding_text(const json::value& finding) {
    const std::string source = text(finding, "source");
    return fmt::format("DIFFERENT {}{}: {}\n  expected {}\n  found    {}\n",
                       source.empty() || source == "-" ? "" : source + ": ",
                       log::visible(text(finding, "place")), text(finding, "kind"),
                       log::visible(text(finding, "expected")),
                       log::visible(text(finding, "found")));
}

}  // namespace

std::string verify_text(const json::value& report) {
    std::string out;
    for (const json::value& finding : list(report, "findings")) {
        out += finding_text(finding);
    }
    const double total = number(report, "findings_total").value_or(0);
    const auto shown = static_cast<double>(list(report, "findings").size());
    if (total > shown) {
        out += fmt::format("... and {:.0f} more\n", total - shown);
    }
    for (const json::value& item : list(report, "checked")) {
        out += fmt::format("checked   {}: {} {}", subject(item), text(item, "count"),
                           text(item, "unit"));
        if (number(item, "bytes").value_or(0) > 0) {
            out += ", " + bytes_text(number(item, "bytes"));
        }
        if (const std::string place = text(item, "place"); !place.empty() && place != "-") {
            out += ", at " + place;
        }
        out += "\n";
    }
    for (const json::value& item : list(report, "unchecked")) {
        out += fmt::format("unchecked {}: {}\n", subject(item), text(item, "why"));
    }
    const double status = number(report, "exit_status").value_or(2);
    if (status == 0) {
        out += "equal: everything that was asked for was checked\n";
    } else if (status == 1) {
        out += count_text(total, "difference", "differences") + "\n";
    } else {
        out += "no difference, but not everything was checked\n";
    }
    return out;
}

}  // namespace farshore::commands
