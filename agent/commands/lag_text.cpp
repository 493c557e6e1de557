#include "agent/commands/lag_text.hpp"

#include <fmt/core.h>

#include <boost/json/array.hpp>

#include "agent/commands/text_format.hpp"

namespace farshore::commands {

namespace json = boost::json;

namespace {

std::string seconds(const json::value& object, std::string_view key) {
    return seconds_text(number(object, key));
}

std::string source_line(const json::value& source) {
    const bool is_tree = text(source, "kind") == "tree";
    std::string line = fmt::format("  {:<16} {:<8}  RPO {:>10}  lag {:>10}  ", text(source, "name"),
                                   text(source, "kind"), seconds(source, "rpo_seconds"),
                                   seconds(source, "lag_seconds"));
    const std::string bytes = bytes_text(number(source, "pending_bytes"));
    if (is_tree) {
        line += fmt::format("pending {}, {}",
                            count_text(number(source, "pending_files"), "file", "files"), bytes);
    } else {
        line += fmt::format("pending {}, captured {}, applied {}", bytes,
                            text(source, "captured_lsn"), text(source, "applied_lsn"));
    }
    const json::value& slot = member(source, "slot");
    if (slot.is_object()) {
        line += fmt::format(", slot {} ({} kept)", text(slot, "wal_status"),
                            bytes_text(number(slot, "retained_bytes")));
        if (number(slot, "time_left_seconds")) {
            line += fmt::format(", {} left at this rate", seconds(slot, "time_left_seconds"));
        }
    }
    line += "\n";
    for (const json::value& gap : list(source, "gaps")) {
        line += fmt::format("    GAP {}{} since {}: {}\n", text(gap, "id"),
                            text(gap, "table") == "-" ? "" : " in table " + text(gap, "table"),
                            time_text(text(gap, "since")), text(gap, "reason"));
    }
    return line;
}

std::string peer_lines(const json::value& peer) {
    std::string lines = fmt::format("{}  {}", text(peer, "name"), text(peer, "state"));
    if (const std::string reason = text(peer, "reason"); reason != "-") {
        lines += ": " + reason;
    }
    if (member(peer, "connected_since").is_string()) {
        lines += fmt::format(" since {}", time_text(text(peer, "connected_since")));
    }
    if (number(peer, "round_trip_seconds")) {
        lines += fmt::format(", round trip {}", seconds(peer, "round_trip_seconds"));
    }
    lines += fmt::format("\n  mark received {}, applied {}\n", text(peer, "received_mark"),
                         text(peer, "applied_mark"));
    for (const json::value& source : list(peer, "sources")) {
        lines += source_line(source);
    }
    return lines;
}

std::string store_line(const json::value& store) {
    std::string line = "store  ";
    const double queued = number(store, "queued").value_or(0);
    line += queued == 0 ? "nothing queued"
                        : fmt::format("{} queued, the oldest for {}",
                                      count_text(queued, "object", "objects"),
                                      seconds(store, "oldest_queued_seconds"));
    if (member(store, "last_upload").is_string()) {
        line += fmt::format(", last upload {}", time_text(text(store, "last_upload")));
    }
    if (member(store, "not_attested_since").is_string()) {
        line +=
            fmt::format("\n  NOT_ATTESTED since {}: what came after is proven on these hosts only",
                        time_text(text(store, "not_attested_since")));
    }
    if (const std::string error = text(store, "error"); error != "-") {
        line += fmt::format("\n  {}", error);
    }
    return line + "\n";
}

}  // namespace

std::string lag_text(const json::value& lag) {
    std::string out =
        fmt::format("stream {}: {}, {}, epoch {}, {}\n\n", text(lag, "stream"), text(lag, "agent"),
                    text(lag, "role"), text(lag, "epoch"), time_text(text(lag, "time")));
    out += fmt::format("RPO       {:>12}   {}; objective {}, floor {}\n",
                       seconds(lag, "rpo_seconds"), text(lag, "proof"),
                       seconds(lag, "objective_seconds"), seconds(lag, "floor_seconds"));
    out += fmt::format("complete  {:>12}   over complete marks\n",
                       seconds(lag, "complete_rpo_seconds"));
    out += fmt::format("lag       {:>12}   what is visible there\n", seconds(lag, "lag_seconds"));
    out +=
        fmt::format("error     {:>12}   contained in the figures\n", seconds(lag, "error_seconds"));
    for (const json::value& peer : list(lag, "peers")) {
        out += "\n" + peer_lines(peer);
    }
    return out + "\n" + store_line(member(lag, "store"));
}

std::string lag_line(const json::value& lag) {
    std::string line =
        fmt::format("{}  {:<7}  RPO {:>10}  complete {:>10}  lag {:>10}",
                    time_text(text(lag, "time")), text(lag, "proof"), seconds(lag, "rpo_seconds"),
                    seconds(lag, "complete_rpo_seconds"), seconds(lag, "lag_seconds"));
    for (const json::value& peer : list(lag, "peers")) {
        line += fmt::format("  {} {} {}/{}", text(peer, "name"), text(peer, "state"),
                            text(peer, "received_mark"), text(peer, "applied_mark"));
    }
    return line + "\n";
}

}  // namespace farshore::commands
