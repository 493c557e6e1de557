#include "agent/primary/postgres/slot_check.hpp"

#include <algorithm>
#include <charconv>

namespace farshore::primary {

namespace {

Error gap(const std::string& what) {
    return {ErrorCode::database_gap, what};
}

// Empty when the server's log is the one that the secondary has followed, and goes on behind it.
std::string find_other_log(const DatabaseStanding& standing, const SystemFacts& system,
                           const std::map<std::uint32_t, Lsn>& forks) {
    const std::string received = to_string(standing.received);
    if (!standing.system_identifier.empty() && standing.system_identifier != system.identifier) {
        return "the replica was copied from system " + standing.system_identifier +
               ", the database now is of system " + system.identifier;
    }
    if (standing.timeline != 0 && standing.timeline != system.timeline) {
        const auto fork = forks.find(standing.timeline);
        const std::string now = "the server is on timeline " + std::to_string(system.timeline);
        if (fork == forks.end()) {
            return now + ", which does not come from timeline " +
                   std::to_string(standing.timeline) + " that the replica has followed";
        }
        if (fork->second < standing.received) {
            return now + ", which left timeline " + std::to_string(standing.timeline) + " at " +
                   to_string(fork->second) + ", before the received position " + received;
        }
    }
    if (system.flushed < standing.received) {
        return "the server's log ends at " + to_string(system.flushed) +
               ", before the received position " + received;
    }
    return "";
}

}  // namespace

std::optional<SlotRow> read_slot(postgres::Connection& connection, const std::string& name) {
    const postgres::Answer answer = connection.execute(
        "SELECT plugin, coalesce(wal_status, ''), coalesce(confirmed_flush_lsn, '0/0')"
        " FROM pg_replication_slots WHERE slot_name = $1",
        {name});
    if (answer.rows() == 0) {
        return std::nullopt;
    }
    SlotRow slot;
    slot.plugin = answer.text(0, 0);
    slot.wal_status = answer.text(0, 1);
    if (!parse_lsn(answer.text(0, 2), slot.confirmed)) {
        throw Error(ErrorCode::internal, "an LSN from the database does not parse");
    }
    return slot;
}

std::map<std::uint32_t, Lsn> parse_timeline_history(std::string_view text) {
    std::map<std::uint32_t, Lsn> forks;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        std::uint32_t timeline = 0;
        const auto number = std::from_chars(line.data(), line.data() + line.size(), timeline);
        line.remove_prefix(static_cast<std::size_t>(number.ptr - line.data()));
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
        Lsn left;
        if (number.ec == std::errc() &&
            parse_lsn(line.substr(0, line.find_first_of(" \t")), left)) {
            forks[timeline] = left;
        }
    }
    return forks;
}

std::optional<Error> find_gap(const DatabaseStanding& standing, const SystemFacts& system,
                              const std::map<std::uint32_t, Lsn>& forks,
                              const std::optional<SlotRow>& slot, bool has_publication) {
    const std::string other = find_other_log(standing, system, forks);
    if (!other.empty()) {
        return gap(other);
    }
    if (!has_publication) {
        return gap("the publication is gone");
    }
    if (!slot) {
        return gap("the replication slot is gone");
    }
    if (slot->plugin != "pgoutput") {
        return gap("the replication slot is for plugin " + slot->plugin);
    }
    if (slot->wal_status == "lost") {
        return gap("the server has removed log that the replication slot needs");
    }
    if (slot->confirmed > standing.received) {
        return gap("the replication slot is at " + to_string(slot->confirmed) +
                   ", past the received position " + to_string(standing.received));
    }
    return std::nullopt;
}

}  // namespace farshore::primary
