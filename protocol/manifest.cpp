#include "protocol/manifest.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "protocol/evidence_fields.hpp"

namespace farshore {

namespace {

boost::json::array json_objects(const std::vector<ManifestObject>& objects) {
    boost::json::array array;
    for (const ManifestObject& object : objects) {
        boost::json::object member;
        member["tree"] = object.tree.str();
        member["object"] = object.object;
        member["digest"] = object.digest.prefixed();
        member["count"] = json_integer(object.count);
        array.push_back(std::move(member));
    }
    return array;
}

std::vector<ManifestObject> read_objects(JsonMembers& members, std::string_view name) {
    std::vector<ManifestObject> objects;
    for (const boost::json::value& value : members.array(name)) {
        JsonMembers item("manifest's " + std::string(name), value);
        ManifestObject object;
        object.tree = item.name<SourceName>("tree");
        object.object = item.string("object");
        object.digest = item.digest("digest");
        object.count = item.integer("count");
        item.finish();
        const bool is_second = std::any_of(objects.begin(), objects.end(), [&](const auto& other) {
            return other.tree == object.tree;
        });
        if (is_second || objects.size() == limits::sources) {
            members.fail(name, "names a tree twice, or too many");
        }
        objects.push_back(std::move(object));
    }
    return objects;
}

}  // namespace

std::string to_payload(const Manifest& manifest) {
    boost::json::object object;
    object["stream"] = manifest.stream.str();
    object["epoch"] = json_integer(manifest.epoch.value());
    object["agent"] = manifest.agent.str();
    object["sequence"] = json_integer(manifest.sequence.value());
    object["previous"] = manifest.previous.prefixed();
    object["marks"] = json_envelopes(manifest.marks);
    object["changes"] = json_objects(manifest.changes);
    object["checkpoints"] = json_objects(manifest.checkpoints);
    return to_canonical_json(object);
}

Result<Manifest> parse_manifest(std::string_view payload) {
    return parse_payload<Manifest>("manifest", payload, [](JsonMembers& members) {
        Manifest manifest;
        manifest.stream = members.name<StreamName>("stream");
        manifest.epoch = Epoch(members.integer("epoch"));
        manifest.agent = members.name<AgentName>("agent");
        manifest.sequence = Sequence(members.integer("sequence"));
        manifest.previous = members.digest("previous");
        manifest.marks = read_envelopes(members, "marks");
        manifest.changes = read_objects(members, "changes");
        manifest.checkpoints = read_objects(members, "checkpoints");
        if (manifest.epoch.is_zero() || manifest.sequence.is_zero()) {
            members.fail("sequence", "and epoch begin with 1");
        }
        return manifest;
    });
}

}  // namespace farshore
