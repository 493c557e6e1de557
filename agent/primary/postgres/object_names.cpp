#include "agent/primary/postgres/object_names.hpp"

#include "protocol/digest.hpp"

namespace farshore::primary {

namespace {

constexpr std::size_t digest_digits = 8;

// At most `limit` bytes of [a-z0-9_]; two texts that differ give two results.
std::string plain(const std::string& text, std::size_t limit) {
    std::string result;
    bool same = text.size() <= limit;
    for (const char c : text) {
        const bool allowed = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        result.push_back(allowed ? c : '_');
        same = same && allowed;
    }
    if (!same) {
        result.resize(std::min(result.size(), limit - digest_digits - 1));
        result += "_" + sha256(text).hex().substr(0, digest_digits);
    }
    return result;
}

}  // namespace

std::string publication_name(const StreamName& stream) {
    return "farshore_" + plain(stream.str(), 54);
}

std::string slot_prefix(const StreamName& stream) {
    return "farshore_" + plain(stream.str(), 24) + "_";
}

std::string slot_name(const StreamName& stream, const AgentName& peer) {
    return slot_prefix(stream) + plain(peer.str(), 28);
}

}  // namespace farshore::primary
