#include "protocol/receipt.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "protocol/evidence_fields.hpp"

namespace farshore {

namespace {

boost::json::array json_received(const std::vector<ReceivedMark>& received) {
    boost::json::array array;
    for (const ReceivedMark& mark : received) {
        boost::json::object object;
        object["mark"] = json_integer(mark.mark.value());
        object["at"] = to_rfc3339(mark.at);
        object["clock_error_seconds"] = json_seconds(mark.clock_error);
        object["mark_digest"] = mark.mark_digest.prefixed();
        array.push_back(std::move(object));
    }
    return array;
}

boost::json::array json_applied(const std::vector<AppliedMark>& applied) {
    boost::json::array array;
    for (const AppliedMark& mark : applied) {
        boost::json::object sources;
        for (const auto& [name, digest] : mark.sources) {
            sources[name.str()] = digest.prefixed();
        }
        boost::json::object object;
        object["mark"] = json_integer(mark.mark.value());
        object["at"] = to_rfc3339(mark.at);
        object["sources"] = std::move(sources);
        array.push_back(std::move(object));
    }
    return array;
}

// The next number of a list whose numbers rise.
MarkNumber read_rising(JsonMembers& members, MarkNumber before) {
    const MarkNumber mark(members.integer("mark"));
    if (mark <= before) {
        members.fail("mark", "does not rise");
    }
    return mark;
}

std::vector<ReceivedMark> read_received(JsonMembers& receipt) {
    std::vector<ReceivedMark> received;
    for (const boost::json::value& value : receipt.array("received")) {
        JsonMembers members("receipt's received", value);
        ReceivedMark mark;
        mark.mark = read_rising(members, received.empty() ? MarkNumber() : received.back().mark);
        mark.at = members.time("at");
        mark.clock_error = read_seconds_or_null(members, "clock_error_seconds");
        mark.mark_digest = members.digest("mark_digest");
        members.finish();
        received.push_back(mark);
    }
    return received;
}

std::vector<AppliedMark> read_applied(JsonMembers& receipt) {
    std::vector<AppliedMark> applied;
    for (const boost::json::value& value : receipt.array("applied")) {
        JsonMembers members("receipt's applied", value);
        AppliedMark mark;
        mark.mark = read_rising(members, applied.empty() ? MarkNumber() : applied.back().mark);
        mark.at = members.time("at");
        const boost::json::value& sources = members.any("sources");
        JsonMembers digests("receipt's applied sources", sources);
        for (const auto& [key, digest] : sources.get_object()) {
            const std::string name(key.data(), key.size());
            if (!is_valid_name(name)) {
                members.fail("sources", "has a name that is not valid");
            }
            mark.sources.emplace(SourceName(name), digests.digest(name));
        }
        members.finish();
        applied.push_back(std::move(mark));
    }
    return applied;
}

Receipt read_receipt(JsonMembers& members) {
    Receipt receipt;
    receipt.stream = members.name<StreamName>("stream");
    receipt.epoch = Epoch(members.integer("epoch"));
    receipt.agent = members.name<AgentName>("agent");
    receipt.primary = members.name<AgentName>("primary");
    receipt.sequence = Sequence(members.integer("sequence"));
    receipt.previous = members.digest("previous");
    receipt.offset = read_seconds_or_null(members, "offset_seconds");
    receipt.offset_error = read_seconds_or_null(members, "offset_error_seconds");
    receipt.received = read_received(members);
    receipt.applied = read_applied(members);
    receipt.marks = read_envelopes(members, "marks");
    if (receipt.epoch.is_zero() || receipt.sequence.is_zero()) {
        members.fail("sequence", "and epoch begin with 1");
    }
    return receipt;
}

}  // namespace

std::string to_payload(const Receipt& receipt) {
    boost::json::object object;
    object["stream"] = receipt.stream.str();
    object["epoch"] = json_integer(receipt.epoch.value());
    object["agent"] = receipt.agent.str();
    object["primary"] = receipt.primary.str();
    object["sequence"] = json_integer(receipt.sequence.value());
    object["previous"] = receipt.previous.prefixed();
    object["offset_seconds"] = json_seconds(receipt.offset);
    object["offset_error_seconds"] = json_seconds(receipt.offset_error);
    object["received"] = json_received(receipt.received);
    object["applied"] = json_applied(receipt.applied);
    object["marks"] = json_envelopes(receipt.marks);
    return to_canonical_json(object);
}

Result<Receipt> parse_receipt(std::string_view payload) {
    return parse_payload<Receipt>("receipt", payload, read_receipt);
}

}  // namespace farshore
