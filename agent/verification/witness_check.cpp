#include "agent/verification/witness_check.hpp"

#include <map>
#include <variant>

#include "agent/verification/evidence_reader.hpp"
#include "protocol/digest.hpp"
#include "protocol/limits.hpp"
#include "storage/objects/object_keys.hpp"

namespace farshore::verification {

namespace {

// Of which chain a key is a part, as text; nullopt when the witness is not asked for it.
std::optional<std::string> chain_of(const std::string& key, const WitnessRequest& request) {
    const std::optional<storage::ObjectKey> parsed = storage::parse_key(key);
    if (!parsed) {
        return std::nullopt;
    }
    return std::visit(
        [&](const auto& k) -> std::optional<std::string> {
            if constexpr (requires { k.chain; }) {
                const bool is_asked = k.chain.stream == request.stream &&
                                      (request.agent.empty() || k.chain.agent == request.agent);
                return is_asked ? std::optional(key.substr(0, key.rfind('/'))) : std::nullopt;
            } else {
                return k.stream == request.stream ? std::optional(key) : std::nullopt;
            }
        },
        *parsed);
}

void compare(storage::ObjectStore& store, storage::ObjectStore& witness, const std::string& key,
             VerifyReport& report) {
    const Result<std::string> held = witness.get(key, limits::evidence_object);
    const Result<std::string> stored = store.get(key, limits::evidence_object);
    if (held && stored && held.value() != stored.value()) {
        report.add({FindingKind::fork, "", key,
                    "as the agent itself holds it: " + sha256(held.value()).prefixed(),
                    sha256(stored.value()).prefixed()});
    }
}

}  // namespace

void check_witness(storage::ObjectStore& store, storage::ObjectStore& witness,
                   const WitnessRequest& request, VerifyReport& report) {
    const std::vector<std::string> held = witness.list("");
    const std::set<std::string> queued =
        request.still_queued ? request.still_queued() : std::set<std::string>();
    const std::vector<std::string> listed = store.list("");
    const std::set<std::string> stored(listed.begin(), listed.end());
    std::map<std::string, std::string> newest;  // of each chain
    std::uint64_t compared = 0;
    for (const std::string& key : held) {
        const std::optional<std::string> chain = chain_of(key, request);
        if (!chain || queued.contains(key)) {
            continue;
        }
        ++compared;
        if (stored.contains(key)) {
            newest[*chain] = key;  // keys come in the order of their numbers
        } else if (const auto hidden = store.get(key, 0);
                   !hidden && hidden.error().code() == ErrorCode::not_found) {
            report.add({FindingKind::object_missing, "", key, "what the agent itself holds",
                        "nothing: it was taken back"});
        }
    }
    for (const auto& [chain, key] : newest) {
        compare(store, witness, key, report);
    }
    report.checked.push_back({"own evidence", "", compared, "objects", 0, ""});
}

}  // namespace farshore::verification
