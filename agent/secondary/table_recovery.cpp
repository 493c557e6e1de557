#include "agent/secondary/table_recovery.hpp"

#include <boost/json.hpp>

#include "agent/runtime/log.hpp"
#include "agent/runtime/sleeper.hpp"
#include "protocol/json.hpp"
#include "protocol/json_members.hpp"
#include "protocol/limits.hpp"

namespace farshore::secondary {

namespace {

namespace json = boost::json;

constexpr Duration recovery_look = Duration::from_ms(300);
// A copy has so long to arrive before it is asked for once more.
constexpr Duration first_patience = Duration::from_ms(5'000);
constexpr Duration longest_patience = Duration::from_ms(600'000);
// A lock that was not to be had.
constexpr Duration soon_again = Duration::from_ms(1'000);
constexpr Duration tell_timeout = Duration::from_ms(10'000);
constexpr Duration copy_timeout = Duration::from_ms(70'000);
// What of a reason goes into each mark.
constexpr std::size_t told_reason_bytes = 1'000;

}  // namespace

void TableRecovery::run(const runtime::StopToken& stop) {
    runtime::SystemSleeper sleeper;
    while (sleeper.sleep(recovery_look, stop)) {
        look();
    }
}

void TableRecovery::look() {
    const std::uint64_t session = parts_.session();
    if (session != session_) {
        told_.clear();
        session_ = session;
    }
    for (const SourceName& database : parts_.databases) {
        const auto tables = parts_.set_aside(database);
        if (!tables) {
            continue;
        }
        try {
            look_at(database, *tables);
        } catch (const Error& error) {
            // The session has ended, or the primary is older than this: again with the next look.
            log::debug("{}: {} {}", database.str(), error.name(), error.message());
        }
        show(database, *tables);
    }
}

void TableRecovery::look_at(const SourceName& database, const SetAsideTables& tables) {
    std::erase_if(requests_[database],
                  [&](const auto& request) { return !tables.contains(request.first); });
    if (session_ == 0) {
        return;
    }
    const auto told = told_.find(database);
    if (told == told_.end() || told->second != tables) {
        tell(database, tables);
        told_[database] = tables;
    }
    for (const auto& [table, what] : tables) {
        Request& request =
            requests_[database]
                .try_emplace(table, Request{.backoff = {first_patience, longest_patience, 1},
                                            .next = parts_.clock.boot_now(),
                                            .failure = ""})
                .first->second;
        if (parts_.clock.boot_now() >= request.next) {
            ask_for(database, table, request);
        }
    }
}

void TableRecovery::tell(const SourceName& database, const SetAsideTables& tables) {
    json::array named;
    for (const auto& [table, what] : tables) {
        named.push_back(json::object{{"schema", table.schema},
                                     {"table", table.table},
                                     {"reason", plain_reason(what.reason, told_reason_bytes)}});
    }
    const std::string answer = parts_.ask(
        "tables_set_aside",
        json::serialize(json::object{{"database", database.str()}, {"tables", std::move(named)}}),
        tell_timeout);
    const json::value value = parse_json(answer, limits::frame_body).take();
    JsonMembers members("tables_set_aside", value);
    const json::array& numbers = members.array("gaps");
    auto& known = numbers_[database];
    known.clear();
    std::size_t at = 0;
    for (const auto& [table, what] : tables) {
        if (at < numbers.size() && numbers[at].is_int64()) {
            known[table] = static_cast<std::uint64_t>(numbers[at].as_int64());
        }
        ++at;
    }
}

void TableRecovery::ask_for(const SourceName& database, const TableName& table, Request& request) {
    try {
        (void)parts_.ask(
            "resend_table",
            json::serialize(json::object{
                {"database", database.str()}, {"schema", table.schema}, {"table", table.table}}),
            copy_timeout);
        request.failure.clear();
        request.next = parts_.clock.boot_now() + request.backoff.next();
    } catch (const Error& error) {
        const bool is_new = request.failure != error.message();
        request.failure = error.message();
        request.next = parts_.clock.boot_now() +
                       (error.action() == Action::retry ? soon_again : request.backoff.next());
        if (is_new) {
            log::warning("{}: table {} can't be copied anew yet: {} {}", database.str(),
                         to_text(table), error.name(), error.message());
        }
    }
}

void TableRecovery::show(const SourceName& database, const SetAsideTables& tables) {
    std::vector<StandingGap> gaps;
    for (const auto& [table, what] : tables) {
        StandingGap gap{.table = to_text(table), .reason = what.reason};
        const auto number = numbers_[database].find(table);
        if (number != numbers_[database].end()) {
            gap.id = number->second;
        }
        const auto request = requests_[database].find(table);
        std::string why = what.note;
        if (request != requests_[database].end() && !request->second.failure.empty()) {
            why = request->second.failure;
        }
        if (!why.empty()) {
            gap.reason += "; its new copy was not taken: " + why;
        }
        gaps.push_back(std::move(gap));
    }
    const std::lock_guard lock(mutex_);
    gaps_[database] = std::move(gaps);
}

std::map<SourceName, std::vector<StandingGap>> TableRecovery::gaps() const {
    const std::lock_guard lock(mutex_);
    return gaps_;
}

}  // namespace farshore::secondary
