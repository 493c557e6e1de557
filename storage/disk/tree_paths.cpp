#include "storage/disk/tree_paths.hpp"

namespace farshore::storage::tree_paths {

namespace {

constexpr std::string_view unfinished_prefix = "unfinished-";
constexpr std::string_view begun_prefix = "begun-";

std::string in_staging(std::string_view name) {
    return std::string(staging) + "/" + std::string(name);
}

}  // namespace

std::string staged(const Digest& sha256) {
    return in_staging(staged_name(sha256));
}

std::string staged_name(const Digest& sha256) {
    return sha256.hex();
}

std::string unfinished(std::uint64_t number) {
    return in_staging(std::string(unfinished_prefix) + std::to_string(number));
}

std::string begun(const Digest& path) {
    return in_staging(std::string(begun_prefix) + path.hex());
}

std::optional<Digest> parse_begun(std::string_view name) {
    if (!name.starts_with(begun_prefix)) {
        return std::nullopt;
    }
    return parse_staged(name.substr(begun_prefix.size()));
}

std::optional<Digest> parse_staged(std::string_view name) {
    // Upper-case digits are not ours: one content, one name.
    const auto digest = Digest::from_hex(name);
    return digest && digest->hex() == name ? digest : std::nullopt;
}

std::string set_aside(std::uint64_t cut, std::uint64_t number, std::string_view path) {
    const std::size_t slash = path.rfind('/');
    const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
    // A component ends at 255 bytes; the numbers take their part of it.
    return std::string(foreign) + "/" + std::to_string(cut) + "-" + std::to_string(number) + "-" +
           std::string(name.substr(0, 200));
}

std::string retained_name(std::uint64_t epoch, std::uint64_t cut, std::string_view path) {
    // The path itself may be longer than a name, and it comes from the peer: its digest is neither.
    return std::to_string(epoch) + "-" + std::to_string(cut) + "-" + sha256(path).hex();
}

std::string in_retained(std::string_view name) {
    return std::string(retained) + "/" + std::string(name);
}

bool is_ours(std::string_view path) {
    return path == ours || (path.starts_with(ours) && path.substr(ours.size()).starts_with('/'));
}

}  // namespace farshore::storage::tree_paths
