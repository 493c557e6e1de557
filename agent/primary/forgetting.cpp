#include "agent/primary/forgetting.hpp"

#include <algorithm>

namespace farshore::primary {

namespace {

// Taken out in one commit: so that the cutter's is not kept waiting.
constexpr std::size_t page = 1'000;

template <typename N>
N before(N number) {
    return number.is_zero() ? number : N(number.value() - 1);
}

}  // namespace

storage::Forgettable forgettable(const std::map<AgentName, storage::PeerStanding>& holders,
                                 const storage::ChainStanding& published) {
    storage::Forgettable what{.marks = published.last_mark,
                              .tombstones = published.last_cut,
                              .identities = published.last_cut};
    for (const auto& [name, standing] : holders) {
        // Its newest mark and cut stay: at the next handshake they are compared.
        what.marks = std::min(what.marks, before(standing.received_mark));
        what.identities = std::min(what.identities, before(standing.received_cut));
        // Not before it is gone from the replica's disk: a state there that is put back from an
        // older copy does not know of it.
        what.tombstones = std::min(what.tombstones, standing.applied_cut);
    }
    return what;
}

Forgetting::Forgetting(const std::string& state_file, std::vector<AgentName> peers)
    : state_(state_file), peers_(std::move(peers)) {}

void Forgetting::remember(const AgentName& peer, const storage::PeerStanding& now) {
    const storage::PeerStanding known = state_.peer(peer).value_or(storage::PeerStanding{});
    const storage::PeerStanding newest{
        .received_cut = std::max(known.received_cut, now.received_cut),
        .applied_cut = std::max(known.applied_cut, now.applied_cut),
        .received_mark = std::max(known.received_mark, now.received_mark)};
    if (newest.received_cut > known.received_cut || newest.applied_cut > known.applied_cut) {
        state_.set_peer(peer, newest);
    }
}

void Forgetting::forget(const std::map<AgentName, storage::PeerStanding>& held,
                        const storage::ChainStanding& published) {
    std::map<AgentName, storage::PeerStanding> holders;
    for (const AgentName& peer : peers_) {
        const auto now = held.find(peer);
        if (now != held.end()) {
            remember(peer, now->second);
        }
        if (const auto known = state_.peer(peer)) {
            holders[peer] = *known;
        }
    }
    const storage::Forgettable what = forgettable(holders, published);
    while (state_.forget(what, page)) {
    }
}

}  // namespace farshore::primary
