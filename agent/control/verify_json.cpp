#include "agent/control/verify_json.hpp"

#include "agent/control/json_text.hpp"

namespace farshore::control {

namespace json = boost::json;

json::value to_json(const verification::VerifyReport& report) {
    json::array checked;
    for (const auto& item : report.checked) {
        checked.push_back(json::object{{"what", item.what},
                                       {"source", item.source},
                                       {"count", item.count},
                                       {"unit", item.unit},
                                       {"bytes", item.bytes},
                                       {"place", item.place}});
    }
    json::array unchecked;
    for (const auto& item : report.unchecked) {
        unchecked.push_back(
            json::object{{"what", item.what}, {"source", item.source}, {"why", item.why}});
    }
    json::array findings;
    for (const auto& finding : report.findings) {
        findings.push_back(json::object{{"kind", to_string(finding.kind)},
                                        {"source", finding.source},
                                        {"place", finding.place},
                                        {"expected", finding.expected},
                                        {"found", finding.found}});
    }
    json::object out;
    out["stream"] = report.stream;
    out["equal"] = report.findings_total == 0;
    out["exit_status"] = report.exit_status();
    out["checked"] = std::move(checked);
    out["unchecked"] = std::move(unchecked);
    out["findings_total"] = report.findings_total;
    out["findings"] = std::move(findings);
    return out;
}

json::value to_json(const verification::VerifyProgress& progress) {
    json::object out;
    out["what"] = progress.what;
    out["source"] = progress.source;
    out["done"] = progress.done;
    out["total"] = or_null(progress.total);
    out["unit"] = progress.unit;
    return out;
}

}  // namespace farshore::control
