#include "protocol/epoch_record.hpp"

#include <boost/json/object.hpp>

#include "protocol/evidence_fields.hpp"
#include "protocol/json.hpp"
#include "protocol/json_members.hpp"

namespace farshore {

std::string to_payload(const EpochRecord& record) {
    boost::json::object object;
    object["stream"] = record.stream.str();
    object["epoch"] = json_integer(record.epoch.value());
    object["primary"] = record.primary.str();
    object["previous"] = json_digest(record.previous);
    object["opened"] = to_rfc3339(record.opened);
    object["reason"] = json_text(record.reason);
    return to_canonical_json(object);
}

Result<EpochRecord> parse_epoch_record(std::string_view payload) {
    return parse_payload<EpochRecord>("epoch record", payload, [](JsonMembers& members) {
        EpochRecord record;
        record.stream = members.name<StreamName>("stream");
        record.epoch = Epoch(members.integer("epoch"));
        record.primary = members.name<AgentName>("primary");
        record.previous = members.digest_or_null("previous");
        record.opened = members.time("opened");
        record.reason = members.string("reason");
        if (record.epoch.is_zero() || (record.epoch == Epoch(1)) == record.previous.has_value()) {
            members.fail("previous", "does not fit the epoch");
        }
        return record;
    });
}

}  // namespace farshore
