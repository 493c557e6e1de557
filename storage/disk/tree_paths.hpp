#pragma once
// Every name of ours within a tree's root: all of it is in .farshore, which is never an entry.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/digest.hpp"

namespace farshore::storage::tree_paths {

inline constexpr std::string_view ours = ".farshore";
inline constexpr std::string_view marker = ".farshore/marker.json";
// Content that was received and checked, and what is being made of it.
inline constexpr std::string_view staging = ".farshore/staging";
// What somebody else had put where the tree needed room.
inline constexpr std::string_view foreign = ".farshore/foreign";
// What the primary removed or replaced and is kept for a while.
inline constexpr std::string_view retained = ".farshore/retained";

// In staging: content by the SHA-256 of it. The name of a large one exists only when it is whole.
[[nodiscard]] std::string staged(const Digest& sha256);
// The same, its last component alone.
[[nodiscard]] std::string staged_name(const Digest& sha256);
// In staging: content that is still coming, and entries that are made ready beside their place.
[[nodiscard]] std::string unfinished(std::uint64_t number);
// In staging: the beginning of a large content, by the SHA-256 of the path it is for. Nobody trusts
// it: it is compared with what the primary has now.
[[nodiscard]] std::string begun(const Digest& path);
// nullopt when the name (one component, in staging) is not one of begun().
[[nodiscard]] std::optional<Digest> parse_begun(std::string_view name);
// nullopt when the name (one component, in staging) is not one of staged().
[[nodiscard]] std::optional<Digest> parse_staged(std::string_view name);

// What somebody else had put at `path`, set aside while `cut` was applied; `number` makes it
// unique.
[[nodiscard]] std::string set_aside(std::uint64_t cut, std::uint64_t number, std::string_view path);

// In the retention folder: what was at `path` when `cut` of `epoch` was applied. The same name for
// the same removal, so that it is found again after a crash.
[[nodiscard]] std::string retained_name(std::uint64_t epoch, std::uint64_t cut,
                                        std::string_view path);
// Where a name of retained_name() lies in the tree.
[[nodiscard]] std::string in_retained(std::string_view name);

// True for .farshore and what is below.
[[nodiscard]] bool is_ours(std::string_view path);

}  // namespace farshore::storage::tree_paths
