#include "protocol/trust.hpp"

#include <algorithm>

#include "protocol/error.hpp"

namespace farshore {

bool TrustedKey::is_valid_at(Timestamp time) const {
    return (!valid_from || time >= *valid_from) && (!valid_until || time < *valid_until);
}

void TrustSet::add(const TrustedKey& key) {
    std::string id = key.key.key_id();
    if (const TrustedKey* other = find(id); other != nullptr) {
        throw Error(ErrorCode::bad_config, "trust: the key of agent " + key.agent.str() +
                                               " is listed already, for agent " +
                                               other->agent.str());
    }
    if (key.valid_from && key.valid_until && *key.valid_until <= *key.valid_from) {
        throw Error(ErrorCode::bad_config, "trust: a key of agent " + key.agent.str() +
                                               " ends before it begins to be valid");
    }
    keys_.push_back(key);
    key_ids_.push_back(std::move(id));
}

const TrustedKey* TrustSet::find(std::string_view key_id) const {
    const auto found = std::find(key_ids_.begin(), key_ids_.end(), key_id);
    return found == key_ids_.end() ? nullptr
                                   : &keys_[static_cast<std::size_t>(found - key_ids_.begin())];
}

bool TrustSet::has_agent(const AgentName& agent) const {
    return std::any_of(keys_.begin(), keys_.end(),
                       [&](const TrustedKey& key) { return key.agent == agent; });
}

}  // namespace farshore
