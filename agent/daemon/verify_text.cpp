#include "agent/daemon/verify_text.hpp"

#include <boost/json.hpp>

#include "protocol/base64.hpp"
#include "protocol/json.hpp"
#include "protocol/json_members.hpp"

namespace farshore::daemon {

namespace json = boost::json;
using verification::Finding;
using verification::FindingKind;
using verification::VerifyReport;
using verification::VerifyRequest;

namespace {

// A reply is one frame: of many findings the first are sent, all are counted.
constexpr std::size_t findings_sent = 500;
constexpr std::size_t text_sent = 400;

// Texts may hold any bytes (paths), JSON may not.
std::string pack(const std::string& text) {
    return to_base64(text.substr(0, text_sent));
}

std::string unpack(const std::string& text) {
    const auto bytes = from_base64(text);
    if (!bytes) {
        throw Error(ErrorCode::malformed, "a text of a verification is not base64");
    }
    return *bytes;
}

json::array names(const std::vector<SourceName>& sources) {
    json::array out;
    for (const SourceName& source : sources) {
        out.emplace_back(source.str());
    }
    return out;
}

std::vector<SourceName> read_names(const json::array& in) {
    std::vector<SourceName> sources;
    for (const json::value& each : in) {
        const json::string* text = each.if_string();
        if (text == nullptr || !is_valid_name(*text)) {
            throw Error(ErrorCode::malformed, "verify request: not the name of a source");
        }
        sources.emplace_back(std::string(*text));
    }
    return sources;
}

FindingKind read_kind(JsonMembers& finding) {
    const std::uint64_t number = finding.integer("kind");
    if (number > static_cast<std::uint64_t>(FindingKind::row_differs)) {
        finding.fail("kind", "is not one that this build knows");
    }
    return static_cast<FindingKind>(number);
}

}  // namespace

std::string request_to_text(const VerifyRequest& request) {
    return json::serialize(json::object{{"chain", request.chain},
                                        {"files", request.files},
                                        {"databases", request.databases},
                                        {"trees", names(request.only_trees)},
                                        {"only_databases", names(request.only_databases)},
                                        {"at", request.at ? request.at->value() : 0}});
}

VerifyRequest request_from_text(const std::string& text) {
    const json::value value = parse_json(text, limits::frame_body).take();
    JsonMembers members("verify request", value);
    VerifyRequest request;
    request.chain = members.boolean("chain");
    request.files = members.boolean("files");
    request.databases = members.boolean("databases");
    request.only_trees = read_names(members.array("trees"));
    request.only_databases = read_names(members.array("only_databases"));
    if (const std::uint64_t at = members.integer("at")) {
        request.at = MarkNumber(at);
    }
    members.finish();
    return request;
}

std::string report_to_text(const VerifyReport& report) {
    json::array findings;
    for (const Finding& finding : report.findings) {
        if (findings.size() == findings_sent) {
            break;
        }
        findings.push_back(json::object{{"kind", static_cast<int>(finding.kind)},
                                        {"source", finding.source},
                                        {"place", pack(finding.place)},
                                        {"expected", pack(finding.expected)},
                                        {"found", pack(finding.found)}});
    }
    json::array checked;
    for (const verification::Checked& each : report.checked) {
        checked.push_back(json::object{{"what", each.what},
                                       {"source", each.source},
                                       {"count", each.count},
                                       {"unit", each.unit},
                                       {"bytes", each.bytes},
                                       {"place", each.place}});
    }
    json::array unchecked;
    for (const verification::Unchecked& each : report.unchecked) {
        unchecked.push_back(
            json::object{{"what", each.what}, {"source", each.source}, {"why", pack(each.why)}});
    }
    return json::serialize(json::object{{"findings_total", report.findings_total},
                                        {"findings", std::move(findings)},
                                        {"checked", std::move(checked)},
                                        {"unchecked", std::move(unchecked)}});
}

VerifyReport report_from_text(const std::string& text) {
    const json::value value = parse_json(text, limits::frame_body).take();
    JsonMembers members("verify report", value);
    VerifyReport report;
    report.findings_total = members.integer("findings_total");
    for (const json::value& each : members.array("findings")) {
        JsonMembers finding("finding", each);
        report.findings.push_back({.kind = read_kind(finding),
                                   .source = finding.string("source"),
                                   .place = unpack(finding.string("place")),
                                   .expected = unpack(finding.string("expected")),
                                   .found = unpack(finding.string("found"))});
    }
    for (const json::value& each : members.array("checked")) {
        JsonMembers item("checked", each);
        report.checked.push_back({.what = item.string("what"),
                                  .source = item.string("source"),
                                  .count = item.integer("count"),
                                  .unit = item.string("unit"),
                                  .bytes = item.integer("bytes"),
                                  .place = item.string("place")});
    }
    for (const json::value& each : members.array("unchecked")) {
        JsonMembers item("unchecked", each);
        report.unchecked.push_back({.what = item.string("what"),
                                    .source = item.string("source"),
                                    .why = unpack(item.string("why"))});
    }
    return report;
}

}  // namespace farshore::daemon
