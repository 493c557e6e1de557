#include "agent/daemon/peer_requests.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "agent/postgres/table_digest.hpp"
#include "agent/primary/postgres/object_names.hpp"
#include "protocol/json.hpp"
#include "protocol/json_members.hpp"

namespace farshore::daemon {

namespace json = boost::json;

namespace {

constexpr Duration snapshot_patience = Duration::from_ms(5'000);

const config::Database& database_of(const Services& services, const SourceName& name) {
    const auto found =
        std::find_if(services.config.databases.begin(), services.config.databases.end(),
                     [&](const config::Database& each) { return each.name == name; });
    if (found == services.config.databases.end()) {
        throw Error(ErrorCode::not_found, "there is no database " + name.str());
    }
    return *found;
}

std::string flush(primary::Primary& role, JsonMembers& request) {
    const bool applied = request.boolean("applied");
    const double timeout = request.number("timeout_seconds");
    const primary::MarkFacts mark = role.flush(applied, Duration::from_seconds(timeout), {});
    return json::serialize(
        json::object{{"mark", mark.mark.value()}, {"time", to_rfc3339(mark.time)}});
}

std::string publish(primary::Primary& role) {
    const primary::Primary::Published published = role.publish(publish_timeout);
    return json::serialize(
        json::object{{"mark", published.mark.value()}, {"manifest", published.manifest.value()}});
}

std::string open_snapshot(Services& services, VerificationSnapshots& snapshots,
                          const SourceName& name) {
    snapshots.open.erase(name);
    auto snapshot = std::make_unique<primary::VerificationSnapshot>(
        database_of(services, name).connection, snapshots.stop, snapshot_patience);
    const Lsn lsn = snapshot->lsn();
    const auto tables = postgres::list_checked_tables(
        snapshot->connection(), primary::publication_name(services.config.agent.stream));
    json::array listed;
    for (const postgres::CheckedTable& table : tables) {
        listed.push_back(postgres::to_json(table));
    }
    snapshots.open[name] = {.number = ++snapshots.last_number, .snapshot = std::move(snapshot)};
    return json::serialize(json::object{{"lsn", to_string(lsn)},
                                        {"snapshot", snapshots.last_number},
                                        {"tables", std::move(listed)}});
}

// The one that the request speaks of; an older peer's does not say.
bool is_current(const VerificationSnapshots& snapshots, const SourceName& name,
                JsonMembers& request) {
    const auto open = snapshots.open.find(name);
    const json::value* number = request.if_there("snapshot");
    return open != snapshots.open.end() &&
           (number == nullptr || read_json_integer(*number) == open->second.number);
}

template <typename Items>
std::string to_text(const Items& items) {
    json::array out;
    for (const auto& item : items) {
        out.push_back(postgres::to_json(item));
    }
    return json::serialize(out);
}

std::string compare(VerificationSnapshots& snapshots, const SourceName& name,
                    const std::string& verb, JsonMembers& request) {
    if (!is_current(snapshots, name, request)) {
        throw Error(ErrorCode::not_found, "the snapshot of " + name.str() +
                                              " has ended: another verification took its place");
    }
    postgres::Connection& connection = snapshots.open.at(name).snapshot->connection();
    const postgres::CheckedTable table = postgres::checked_table_from_json(request.any("table"));
    if (verb == "digest_table") {
        return json::serialize(postgres::to_json(postgres::digest_table(connection, table)));
    }
    const auto buckets = static_cast<std::uint32_t>(request.integer("buckets"));
    if (verb == "digest_buckets") {
        return to_text(postgres::digest_buckets(connection, table, buckets));
    }
    return to_text(postgres::read_bucket(connection, table, buckets,
                                         static_cast<std::uint32_t>(request.integer("bucket")),
                                         static_cast<std::uint32_t>(request.integer("limit"))));
}

}  // namespace

std::string serve_secondary(Services& services, primary::Primary& role,
                            VerificationSnapshots& snapshots, const std::string& verb,
                            const std::string& text) {
    const json::value value = parse_json(text.empty() ? "{}" : text, limits::frame_body).take();
    JsonMembers request(verb, value);
    if (verb == "flush") {
        return flush(role, request);
    }
    if (verb == "publish") {
        return publish(role);
    }
    const SourceName name(request.string("database"));
    const std::lock_guard lock(snapshots.mutex);
    if (verb == "snapshot_database") {
        return open_snapshot(services, snapshots, name);
    }
    if (verb == "close_snapshot") {
        if (is_current(snapshots, name, request)) {
            snapshots.open.erase(name);
        }
        return "{}";
    }
    if (verb == "digest_table" || verb == "digest_buckets" || verb == "read_bucket") {
        return compare(snapshots, name, verb, request);
    }
    throw Error(ErrorCode::unsupported, "a primary of this version does not know \"" + verb + "\"");
}

}  // namespace farshore::daemon
