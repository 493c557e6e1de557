#include "protocol/envelope.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "protocol/base64.hpp"
#include "protocol/json.hpp"
#include "protocol/json_members.hpp"

namespace farshore {

namespace {

struct ReadEnvelope {
    std::string payload;
    std::string key_id;
    std::string signature;
};

std::string bytes_member(JsonMembers& members, std::string_view name) {
    std::optional<std::string> bytes = from_base64(members.string(name));
    if (!bytes) {
        members.fail(name, "is not base64");
    }
    return std::move(*bytes);
}

ReadEnvelope read(const boost::json::value& value, std::string_view type) {
    JsonMembers members("envelope", value);
    if (members.string("payloadType") != type) {
        members.fail("payloadType", "is not " + std::string(type));
    }
    ReadEnvelope envelope;
    envelope.payload = bytes_member(members, "payload");
    const boost::json::array& signatures = members.array("signatures");
    members.finish();
    // A second signature would let one payload have many texts, and nobody needs it.
    if (signatures.size() != 1) {
        members.fail("signatures", "does not hold exactly one");
    }
    JsonMembers signature("envelope's signature", signatures.front());
    envelope.key_id = signature.string("keyid");
    envelope.signature = bytes_member(signature, "sig");
    signature.finish();
    return envelope;
}

Result<ReadEnvelope> read(std::string_view text, std::string_view type, std::size_t limit_bytes) {
    const Result<boost::json::value> value = parse_json(text, limit_bytes);
    if (!value) {
        return value.error();
    }
    try {
        return read(value.value(), type);
    } catch (const Error& error) {
        return error;
    }
}

}  // namespace

std::string pre_authentication_encoding(std::string_view type, std::string_view payload) {
    std::string text = "DSSEv1 ";
    text += std::to_string(type.size()) + " ";
    text += type;
    text += " " + std::to_string(payload.size()) + " ";
    text += payload;
    return text;
}

std::string seal_envelope(std::string_view type, std::string_view payload, const SigningKey& key) {
    const SigningKey now = key.current();
    const std::string signature = now.sign(pre_authentication_encoding(type, payload));
    // The members stand in the order of RFC 8785.
    std::string text = "{\"payload\":\"";
    text += to_base64(payload);
    text += "\",\"payloadType\":";
    append_json_string(text, type);
    text += ",\"signatures\":[{\"keyid\":\"" + now.public_key().key_id() + "\",\"sig\":\"" +
            to_base64(signature) + "\"}]}";
    return text;
}

Result<OpenedEnvelope> open_envelope(std::string_view text, std::string_view type,
                                     const TrustSet& trust, std::optional<Timestamp> at,
                                     std::size_t limit_bytes) {
    Result<ReadEnvelope> envelope = read(text, type, limit_bytes);
    if (!envelope) {
        return envelope.error();
    }
    auto [payload, key_id, signature] = std::move(envelope).take();
    const TrustedKey* const key = trust.find(key_id);
    if (key == nullptr) {
        return Error(ErrorCode::untrusted,
                     "envelope: signed with a key that is not trusted: " + key_id.substr(0, 64));
    }
    if (!key->key.verify(pre_authentication_encoding(type, payload), signature)) {
        return Error(ErrorCode::bad_signature,
                     "envelope: the signature of agent " + key->agent.str() + " is not right");
    }
    if (at && !key->is_valid_at(*at)) {
        return Error(ErrorCode::untrusted, "envelope: signed with a key of agent " +
                                               key->agent.str() + " that is not valid at " +
                                               to_rfc3339(*at));
    }
    return OpenedEnvelope{std::move(payload), *key};
}

Result<std::string> read_envelope_payload(std::string_view text, std::string_view type,
                                          std::size_t limit_bytes) {
    Result<ReadEnvelope> envelope = read(text, type, limit_bytes);
    if (!envelope) {
        return envelope.error();
    }
    return std::move(envelope).take().payload;
}

}  // namespace farshore
