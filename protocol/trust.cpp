#include "protocol/trust.hpp"

#include <algorithm>

#include "protocol/assert.hpp"
#include "protocol/error.hpp"

namespace farshore {

bool TrustedKey::is_valid_at(Timestamp time) const {
    return (!valid_from || time >= *valid_from) && (!valid_until || time < *valid_until);
}

TrustSet::TrustSet(StreamName stream) : stream_(std::move(stream)) {
    generations_.push_back(std::make_unique<Generation>());
}

TrustSet::TrustSet(const TrustSet& other) : stream_(other.stream_) {
    generations_.push_back(std::make_unique<Generation>(other.newest()));
}

const TrustSet::Generation& TrustSet::newest() const {
    const std::lock_guard lock(mutex_);
    return *generations_.back();
}

void TrustSet::replace(const TrustSet& other) {
    FARSHORE_ASSERT(other.stream_ == stream_);
    auto next = std::make_unique<Generation>(other.newest());
    const std::lock_guard lock(mutex_);
    generations_.push_back(std::move(next));
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
    generations_.back()->keys.push_back(key);
    generations_.back()->key_ids.push_back(std::move(id));
}

const TrustedKey* TrustSet::find(std::string_view key_id) const {
    const auto& [keys, ids] = newest();
    const auto found = std::find(ids.begin(), ids.end(), key_id);
    return found == ids.end() ? nullptr : &keys[static_cast<std::size_t>(found - ids.begin())];
}

bool TrustSet::has_agent(const AgentName& agent) const {
    const std::vector<TrustedKey>& listed = keys();
    return std::any_of(listed.begin(), listed.end(),
                       [&](const TrustedKey& key) { return key.agent == agent; });
}

}  // namespace farshore
