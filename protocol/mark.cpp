#include "protocol/mark.hpp"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "protocol/base64.hpp"
#include "protocol/evidence_fields.hpp"

namespace farshore {

namespace {

namespace json = boost::json;

// --- writing

// A text as it is, other bytes as {"path_base64": …}.
json::value json_path(const std::string& path) {
    if (is_valid_utf8(path)) {
        return json::value(path);
    }
    json::object object;
    object["path_base64"] = to_base64(path);
    return object;
}

void put_uncovered(json::object& object, const std::vector<Uncovered>& uncovered,
                   std::uint64_t more) {
    FARSHORE_ASSERT(uncovered.size() <= limits::mark_uncovered);
    json::array array;
    for (const Uncovered& item : uncovered) {
        json::object member;
        const bool is_text = is_valid_utf8(item.name);
        member[is_text ? "name" : "name_base64"] = is_text ? item.name : to_base64(item.name);
        member["reason"] = json_text(item.reason);
        array.push_back(std::move(member));
    }
    object["uncovered"] = std::move(array);
    if (more > 0) {
        object["uncovered_more"] = json_integer(more);
    }
}

json::object json_pending(const PendingFiles& pending) {
    FARSHORE_ASSERT(pending.paths.size() <= limits::mark_pending_paths);
    json::array paths;
    for (const std::string& path : pending.paths) {
        paths.push_back(json_path(path));
    }
    json::object object;
    object["files"] = json_integer(pending.files);
    object["bytes"] = json_integer(pending.bytes);
    object["oldest"] = json_time(pending.oldest);
    object["paths"] = std::move(paths);
    return object;
}

json::object json_source(const TreeMark& tree) {
    json::object object;
    object["kind"] = "tree";
    object["as_of"] = json_time(tree.as_of);
    object["swept"] = json_time(tree.swept);
    put_uncovered(object, tree.uncovered, tree.uncovered_more);
    object["entries"] = json_integer(tree.entries);
    object["bytes"] = json_integer(tree.bytes);
    object["digest"] = tree.digest.value().prefixed();
    object["pending"] = json_pending(tree.pending);
    return object;
}

json::object json_source(const DatabaseMark& database) {
    json::object object;
    object["kind"] = "database";
    object["as_of"] = json_time(database.as_of);
    put_uncovered(object, database.uncovered, database.uncovered_more);
    object["system_identifier"] = json_text(database.system_identifier);
    object["lsn"] = to_string(database.lsn);
    object["transactions"] = json_integer(database.transactions);
    object["digest"] = database.digest.prefixed();
    return object;
}

bool is_complete(const Mark& mark) {
    for (const auto& [name, source] : mark.sources) {
        const auto* tree = std::get_if<TreeMark>(&source);
        if (tree != nullptr && tree->pending.files > 0) {
            return false;
        }
    }
    return true;
}

// --- reading

std::string read_base64(JsonMembers& members, std::string_view name) {
    const std::optional<std::string> bytes = from_base64(members.string(name));
    if (!bytes || is_valid_utf8(*bytes)) {
        members.fail(name, "is not base64, or is without need");
    }
    return *bytes;
}

std::vector<Uncovered> read_uncovered(JsonMembers& members, std::uint64_t& more) {
    std::vector<Uncovered> uncovered;
    for (const json::value& value : members.array("uncovered")) {
        JsonMembers item("mark's uncovered", value);
        Uncovered read;
        const json::value* name = item.if_there("name");
        if (name != nullptr && !name->is_string()) {
            item.fail("name", "is not a string");
        }
        read.name = name != nullptr
                        ? std::string(name->get_string().c_str(), name->get_string().size())
                        : read_base64(item, "name_base64");
        read.reason = item.string("reason");
        item.finish();
        uncovered.push_back(std::move(read));
    }
    if (const json::value* value = members.if_there("uncovered_more"); value != nullptr) {
        more = read_json_integer(*value).value_or(0);
        if (more == 0) {
            members.fail("uncovered_more", "is not a whole number above 0");
        }
    }
    if (uncovered.size() > limits::mark_uncovered) {
        members.fail("uncovered", "is over its limit");
    }
    return uncovered;
}

PendingFiles read_pending(const json::value& value) {
    JsonMembers members("mark's pending", value);
    PendingFiles pending;
    pending.files = members.integer("files");
    pending.bytes = members.integer("bytes");
    pending.oldest = members.time_or_null("oldest");
    for (const json::value& path : members.array("paths")) {
        if (path.is_string()) {
            pending.paths.emplace_back(path.get_string().c_str(), path.get_string().size());
        } else {
            JsonMembers encoded("mark's pending path", path);
            pending.paths.push_back(read_base64(encoded, "path_base64"));
            encoded.finish();
        }
    }
    members.finish();
    if (pending.paths.size() > limits::mark_pending_paths || pending.paths.size() > pending.files) {
        members.fail("paths", "is over its limit");
    }
    return pending;
}

TreeMark read_tree(JsonMembers& members) {
    TreeMark tree;
    tree.as_of = members.time_or_null("as_of");
    tree.swept = members.time_or_null("swept");
    tree.uncovered = read_uncovered(members, tree.uncovered_more);
    tree.entries = members.integer("entries");
    tree.bytes = members.integer("bytes");
    tree.digest = TreeDigest(members.digest("digest"));
    tree.pending = read_pending(members.any("pending"));
    return tree;
}

DatabaseMark read_database(JsonMembers& members) {
    DatabaseMark database;
    database.as_of = members.time_or_null("as_of");
    database.uncovered = read_uncovered(members, database.uncovered_more);
    database.system_identifier = members.string("system_identifier");
    const std::string lsn = members.string("lsn");
    if (!parse_lsn(lsn, database.lsn) || to_string(database.lsn) != lsn) {
        members.fail("lsn", "is not a position");
    }
    database.transactions = members.integer("transactions");
    database.digest = members.digest("digest");
    return database;
}

SourceMark read_source(const std::string& name, const json::value& value) {
    JsonMembers members("mark's source " + name, value);
    const std::string kind = members.string("kind");
    SourceMark source;
    if (kind == "tree") {
        source = read_tree(members);
    } else if (kind == "database") {
        source = read_database(members);
    } else {
        members.fail("kind", "is neither tree nor database");
    }
    members.finish();
    return source;
}

Mark read_mark(JsonMembers& members) {
    Mark mark;
    mark.stream = members.name<StreamName>("stream");
    mark.epoch = Epoch(members.integer("epoch"));
    mark.agent = members.name<AgentName>("agent");
    mark.mark = MarkNumber(members.integer("mark"));
    mark.time = members.time("time");
    mark.clock_error = read_seconds_or_null(members, "clock_error_seconds");
    mark.complete = members.boolean("complete");
    mark.objective = read_seconds(members, "objective_seconds");
    const json::object& sources = members.object("sources");
    if (sources.size() > limits::sources) {
        members.fail("sources", "is over its limit");
    }
    for (const auto& [key, value] : sources) {
        const std::string name(key.data(), key.size());
        if (!is_valid_name(name)) {
            members.fail("sources", "has a name that is not valid");
        }
        mark.sources.emplace(SourceName(name), read_source(name, value));
    }
    if (mark.epoch.is_zero() || mark.mark.is_zero()) {
        members.fail("mark", "and epoch begin with 1");
    }
    if (mark.complete && !is_complete(mark)) {
        members.fail("complete", "is true although something is pending");
    }
    return mark;
}

}  // namespace

std::optional<Timestamp> as_of(const SourceMark& source) {
    return std::visit([](const auto& mark) { return mark.as_of; }, source);
}

std::string to_payload(const Mark& mark) {
    FARSHORE_ASSERT(!mark.epoch.is_zero() && !mark.mark.is_zero());
    FARSHORE_ASSERT(!mark.complete || is_complete(mark));
    json::object sources;
    for (const auto& [name, source] : mark.sources) {
        sources[name.str()] =
            std::visit([](const auto& content) { return json_source(content); }, source);
    }
    json::object object;
    object["stream"] = mark.stream.str();
    object["epoch"] = json_integer(mark.epoch.value());
    object["agent"] = mark.agent.str();
    object["mark"] = json_integer(mark.mark.value());
    object["time"] = to_rfc3339(mark.time);
    object["clock_error_seconds"] = json_seconds(mark.clock_error);
    object["complete"] = mark.complete;
    object["objective_seconds"] = json_seconds(mark.objective);
    object["sources"] = std::move(sources);
    return to_canonical_json(object);
}

Result<Mark> parse_mark(std::string_view payload) {
    return parse_payload<Mark>("mark", payload, read_mark);
}

std::string gap_place(const std::string& table, const AgentName& agent) {
    return (table.empty() ? "" : " in table " + table) + " on " + agent.str() + " since ";
}

bool names_gap(const DatabaseMark& mark, const std::string& table, const AgentName& agent) {
    constexpr std::string_view opening = "gap ";
    const std::string place = gap_place(table, agent);
    return std::any_of(mark.uncovered.begin(), mark.uncovered.end(), [&](const Uncovered& item) {
        const std::string_view said = item.reason;
        const std::size_t behind = said.find_first_not_of("0123456789", opening.size());
        return said.starts_with(opening) && behind != std::string_view::npos &&
               said.substr(behind).starts_with(place);
    });
}

}  // namespace farshore
