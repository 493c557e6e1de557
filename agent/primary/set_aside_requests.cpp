#include "agent/primary/set_aside_requests.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <vector>

#include "agent/postgres/connection.hpp"
#include "agent/primary/postgres/table_resend.hpp"
#include "agent/runtime/log.hpp"
#include "protocol/json.hpp"
#include "protocol/json_members.hpp"
#include "protocol/limits.hpp"

namespace farshore::primary {

std::string serve_tables_set_aside(GapBoard& gaps, const AgentName& peer, const std::string& json) {
    const boost::json::value value = parse_json(json, limits::frame_body).take();
    JsonMembers request(verb_tables_set_aside, value);
    const auto database = request.name<SourceName>("database");
    std::vector<std::string> named;
    for (const boost::json::value& item : request.array("tables")) {
        JsonMembers table("table", item);
        const std::string schema = table.string("schema");
        named.push_back(schema + "." + table.string("table"));
        const std::string reason = table.string("reason");
        if (gaps.open(database, peer, named.back(), reason)) {
            log::warning("database {}: {} has set table {} aside: {}", database.str(), peer.str(),
                         named.back(), reason);
        }
    }
    std::map<std::string, Gap> open = gaps.open_gaps(database, peer);
    for (const auto& [what, gap] : open) {
        if (!what.empty() && std::find(named.begin(), named.end(), what) == named.end()) {
            gaps.close(database, peer, what);
            log::info("database {}: table {} is whole again on {}", database.str(), what,
                      peer.str());
        }
    }
    boost::json::array numbers;
    for (const std::string& what : named) {
        numbers.emplace_back(open.at(what).id);
    }
    return boost::json::serialize(boost::json::object{{"gaps", std::move(numbers)}});
}

std::string serve_resend_table(const config::Config& config, const std::string& json,
                               const postgres::WakeEvent& stop) {
    const boost::json::value value = parse_json(json, limits::frame_body).take();
    JsonMembers request(verb_resend_table, value);
    const auto name = request.name<SourceName>("database");
    const std::string schema = request.string("schema");
    const TableName table{schema, request.string("table")};
    const auto database =
        std::find_if(config.databases.begin(), config.databases.end(),
                     [&](const config::Database& each) { return each.name == name; });
    if (database == config.databases.end()) {
        throw Error(ErrorCode::not_found, "there is no database " + name.str());
    }
    postgres::Connection connection(database->connection, stop);
    connection.execute("SET statement_timeout = '60s'");
    resend_table(connection, config.agent.stream, table);
    log::info("database {}: table {}.{} is sent once more", name.str(), table.schema, table.table);
    return "{}";
}

}  // namespace farshore::primary
