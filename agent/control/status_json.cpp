#include "agent/control/status_json.hpp"

#include "agent/control/json_text.hpp"
#include "agent/control/lag_json.hpp"

namespace farshore::control {

namespace json = boost::json;

namespace {

json::value copy_json(const CopyProgress& copy) {
    json::object out;
    out["done"] = copy.done;
    out["total"] = or_null(copy.total);
    out["unit"] = copy.unit;
    out["done_bytes"] = copy.done_bytes;
    out["total_bytes"] = or_null(copy.total_bytes);
    return out;
}

json::value source_json(const SourceStatus& source) {
    json::object out;
    out["name"] = source.name;
    out["kind"] = to_string(source.kind);
    out["place"] = source.place;
    out["state"] = source.state;
    out["as_of"] = or_null(source.as_of);
    if (source.kind == SourceKind::tree) {
        out["swept"] = or_null(source.swept);
        out["entries"] = or_null(source.entries);
        out["bytes"] = or_null(source.bytes);
        out["pending_files"] = or_null(source.pending_files);
    }
    out["first_copy"] = source.first_copy ? copy_json(*source.first_copy) : json::value(nullptr);
    json::array pending;
    for (const std::string& path : source.pending) {
        pending.push_back(json::object{{"path", path}});
    }
    out["pending"] = std::move(pending);
    return out;
}

json::value fault_json(const Fault& fault) {
    const ErrorInfo& info = error_info(fault.code);
    json::object out;
    out["code"] = info.name;
    out["where"] = fault.where;
    out["message"] = fault.message;
    out["since"] = or_null(fault.since);
    out["hint"] = info.hint;
    return out;
}

}  // namespace

json::value to_json(const StatusReport& report) {
    json::object out;
    out["version"] = report.version;
    out["config_file"] = report.config_file;
    out["state_directory"] = report.state_directory;
    out["listen"] = report.listen;
    out["started"] = or_null(report.started);
    out["store_url"] = report.store_url;
    out["fence"] = report.fence;
    out["cut"] = or_null(report.cut);
    out["mark"] = or_null(report.mark);
    out["memory_bytes"] = or_null(report.memory_bytes);
    out["certificate_expires"] = or_null(report.certificate_expires);
    json::array sources;
    for (const SourceStatus& source : report.sources) {
        sources.push_back(source_json(source));
    }
    out["sources"] = std::move(sources);
    json::array faults;
    for (const Fault& fault : report.faults) {
        faults.push_back(fault_json(fault));
    }
    out["faults"] = std::move(faults);
    json::array not_carried;
    for (const NotCarried& item : report.not_carried) {
        not_carried.push_back(
            json::object{{"source", item.source}, {"what", item.what}, {"why", item.why}});
    }
    out["not_carried"] = std::move(not_carried);
    out["lag"] = to_json(report.lag);
    return out;
}

}  // namespace farshore::control
