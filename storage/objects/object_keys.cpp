#include "storage/objects/object_keys.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

#include "protocol/error.hpp"
#include "storage/objects/object_store.hpp"

namespace farshore::storage {

namespace {

constexpr std::size_t epoch_digits = 8;
constexpr std::size_t sequence_digits = 12;
constexpr std::string_view json_suffix = ".json";
constexpr std::string_view listing_suffix = ".jsonl.zst";

constexpr std::string_view epochs = "epochs";
constexpr std::string_view failovers = "failovers";
constexpr std::string_view manifests = "manifests";
constexpr std::string_view receipts = "receipts";
constexpr std::string_view changes = "changes";
constexpr std::string_view checkpoints = "checkpoints";

std::string digits(std::uint64_t value, std::size_t width, std::string_view what) {
    std::string text = std::to_string(value);
    if (value == 0 || text.size() > width) {
        throw Error(ErrorCode::internal,
                    "cannot make an object key: " + std::string(what) + " " + text);
    }
    return std::string(width - text.size(), '0') + text;
}

std::string digits(Epoch epoch) {
    return digits(epoch.value(), epoch_digits, "epoch");
}

std::string digits(Sequence sequence) {
    return digits(sequence.value(), sequence_digits, "sequence");
}

// Exactly `width` digits, not all of them 0.
std::optional<std::uint64_t> parse_digits(std::string_view text, std::size_t width) {
    if (text.size() != width) {
        return std::nullopt;
    }
    std::uint64_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') {
            return std::nullopt;
        }
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return value == 0 ? std::nullopt : std::optional(value);
}

std::string folder(std::string_view kind, const StreamName& stream) {
    return std::string(kind) + "/" + stream.str() + "/";
}

std::string folder(std::string_view kind, const StreamName& stream, Epoch epoch) {
    return folder(kind, stream) + digits(epoch) + "/";
}

std::string folder(std::string_view kind, const ChainKey& chain) {
    return folder(kind, chain.stream, chain.epoch) + chain.agent.str() + "/";
}

std::string listing_name(Sequence sequence, const SourceName& tree) {
    return digits(sequence) + "-" + tree.str() + std::string(listing_suffix);
}

std::string make(const EpochKey& key) {
    return folder(epochs, key.stream) + digits(key.epoch) + std::string(json_suffix);
}

std::string make(const FailoverKey& key) {
    return folder(failovers, key.stream) + digits(key.epoch) + std::string(json_suffix);
}

std::string make(const ManifestKey& key) {
    return folder(manifests, key.chain) + digits(key.sequence) + std::string(json_suffix);
}

std::string make(const ReceiptKey& key) {
    return folder(receipts, key.chain) + digits(key.sequence) + std::string(json_suffix);
}

std::string make(const ChangesKey& key) {
    return folder(changes, key.chain) + listing_name(key.sequence, key.tree);
}

std::string make(const CheckpointKey& key) {
    return folder(checkpoints, key.chain) + listing_name(key.sequence, key.tree);
}

std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> parts;
    std::size_t begin = 0;
    while (true) {
        const std::size_t slash = text.find('/', begin);
        parts.push_back(text.substr(begin, slash - begin));
        if (slash == std::string_view::npos) {
            return parts;
        }
        begin = slash + 1;
    }
}

// Takes the suffix off; false when it is not there.
bool strip(std::string_view& text, std::string_view suffix) {
    if (!text.ends_with(suffix)) {
        return false;
    }
    text.remove_suffix(suffix.size());
    return true;
}

// kind / STREAM / E.json
template <typename Key>
std::optional<ObjectKey> parse_epoch_object(const std::vector<std::string_view>& parts) {
    std::string_view number = parts[2];
    if (!is_valid_name(parts[1]) || !strip(number, json_suffix)) {
        return std::nullopt;
    }
    const auto epoch = parse_digits(number, epoch_digits);
    if (!epoch) {
        return std::nullopt;
    }
    return Key{StreamName(std::string(parts[1])), Epoch(*epoch)};
}

// kind / STREAM / E / AGENT / ...
std::optional<ChainKey> parse_chain(const std::vector<std::string_view>& parts) {
    const auto epoch = parse_digits(parts[2], epoch_digits);
    if (!is_valid_name(parts[1]) || !epoch || !is_valid_name(parts[3])) {
        return std::nullopt;
    }
    return ChainKey{StreamName(std::string(parts[1])), Epoch(*epoch),
                    AgentName(std::string(parts[3]))};
}

template <typename Key>
std::optional<ObjectKey> parse_chain_object(const std::vector<std::string_view>& parts) {
    const auto chain = parse_chain(parts);
    std::string_view number = parts[4];
    if (!chain || !strip(number, json_suffix)) {
        return std::nullopt;
    }
    const auto sequence = parse_digits(number, sequence_digits);
    if (!sequence) {
        return std::nullopt;
    }
    return Key{*chain, Sequence(*sequence)};
}

template <typename Key>
std::optional<ObjectKey> parse_listing_object(const std::vector<std::string_view>& parts) {
    const auto chain = parse_chain(parts);
    std::string_view name = parts[4];
    if (!chain || !strip(name, listing_suffix) || name.size() <= sequence_digits ||
        name[sequence_digits] != '-') {
        return std::nullopt;
    }
    const auto sequence = parse_digits(name.substr(0, sequence_digits), sequence_digits);
    const std::string_view tree = name.substr(sequence_digits + 1);
    if (!sequence || !is_valid_name(tree)) {
        return std::nullopt;
    }
    return Key{*chain, Sequence(*sequence), SourceName(std::string(tree))};
}

}  // namespace

std::string make_key(const ObjectKey& key) {
    return std::visit([](const auto& k) { return make(k); }, key);
}

std::optional<ObjectKey> parse_key(std::string_view text) {
    const std::vector<std::string_view> parts = split(text);
    const std::string_view kind = parts[0];
    if (parts.size() == 3 && kind == epochs) {
        return parse_epoch_object<EpochKey>(parts);
    }
    if (parts.size() == 3 && kind == failovers) {
        return parse_epoch_object<FailoverKey>(parts);
    }
    if (parts.size() != 5) {
        return std::nullopt;
    }
    if (kind == manifests) {
        return parse_chain_object<ManifestKey>(parts);
    }
    if (kind == receipts) {
        return parse_chain_object<ReceiptKey>(parts);
    }
    if (kind == changes) {
        return parse_listing_object<ChangesKey>(parts);
    }
    if (kind == checkpoints) {
        return parse_listing_object<CheckpointKey>(parts);
    }
    return std::nullopt;
}

std::string epochs_prefix(const StreamName& stream) {
    return folder(epochs, stream);
}

std::string failovers_prefix(const StreamName& stream) {
    return folder(failovers, stream);
}

std::string manifests_prefix(const ChainKey& chain) {
    return folder(manifests, chain);
}

std::string receipts_prefix(const ChainKey& chain) {
    return folder(receipts, chain);
}

std::string changes_prefix(const ChainKey& chain) {
    return folder(changes, chain);
}

std::string checkpoints_prefix(const ChainKey& chain) {
    return folder(checkpoints, chain);
}

std::string manifests_prefix(const StreamName& stream, Epoch epoch) {
    return folder(manifests, stream, epoch);
}

std::string receipts_prefix(const StreamName& stream, Epoch epoch) {
    return folder(receipts, stream, epoch);
}

}  // namespace farshore::storage
