#pragma once
// Lets go of what nobody needs any more: marks that are in manifests and received by every
// secondary, tombstones that are in change lists and applied by every secondary.

#include <map>
#include <string>
#include <vector>

#include "storage/evidence/chain_standing.hpp"
#include "storage/state/primary_state.hpp"

namespace farshore::primary {

// `holders`: the secondaries of the config that were heard of, as they are known to stand. One that
// was never heard of begins with everything and needs nothing of the past.
[[nodiscard]] storage::Forgettable forgettable(
    const std::map<AgentName, storage::PeerStanding>& holders,
    const storage::ChainStanding& published);

// Invariants: what a secondary holds is remembered before anything is forgotten because of it. Used
// by one thread.
class Forgetting {
  public:
    // `peers`: the secondaries of the config; what others once held holds nothing back.
    Forgetting(const std::string& state_file, std::vector<AgentName> peers);

    // `held`: what is known now, since the start; `published`: where the chain of manifests stands.
    void forget(const std::map<AgentName, storage::PeerStanding>& held,
                const storage::ChainStanding& published);

  private:
    void remember(const AgentName& peer, const storage::PeerStanding& now);

    storage::PrimaryState state_;
    std::vector<AgentName> peers_;
};

}  // namespace farshore::primary
