#include "protocol/mark_room.hpp"

#include <algorithm>

#include "protocol/json.hpp"

namespace farshore {

namespace {

// Quotes, comma, and the member's name where the bytes are no text.
constexpr std::size_t around_name = 24;

std::size_t escaped_bytes(char c) {
    if (static_cast<unsigned char>(c) < 0x20) {
        return 6;
    }
    return c == '"' || c == '\\' ? 2 : 1;
}

// What it takes in a payload; above `room` only that it is above.
std::size_t written_bytes(const std::string& name, std::size_t room) {
    if (name.size() > room) {
        return name.size();
    }
    if (!is_valid_utf8(name)) {
        return around_name + (name.size() + 2) / 3 * 4;
    }
    std::size_t bytes = around_name;
    for (const char c : name) {
        bytes += escaped_bytes(c);
    }
    return bytes;
}

// Keeps, in order, at most `most` of them that fit into `room`, and takes that off it.
template <typename Item, typename Bytes>
void keep_what_fits(std::vector<Item>& items, std::size_t most, std::size_t& room,
                    const Bytes& bytes_of) {
    std::vector<Item> kept;
    for (Item& item : items) {
        if (kept.size() == most || room < around_name) {
            break;
        }
        const std::size_t bytes = bytes_of(item, room);
        if (bytes <= room) {
            room -= bytes;
            kept.push_back(std::move(item));
        }
    }
    items = std::move(kept);
}

void limit_uncovered(std::vector<Uncovered>& uncovered, std::uint64_t& more, std::size_t& room) {
    const std::size_t all = uncovered.size();
    keep_what_fits(
        uncovered, limits::mark_uncovered, room, [](const Uncovered& item, std::size_t left) {
            return around_name + written_bytes(item.name, left) + written_bytes(item.reason, left);
        });
    more += all - uncovered.size();
}

}  // namespace

void fit_into_mark(std::map<SourceName, SourceMark>& sources) {
    const std::size_t share = mark_names_bytes / std::max<std::size_t>(1, sources.size());
    for (auto& [name, source] : sources) {
        std::size_t room = share;
        if (auto* tree = std::get_if<TreeMark>(&source)) {
            std::size_t half = share / 2;  // neither list can starve the other
            keep_what_fits(tree->pending.paths, limits::mark_pending_paths, half, written_bytes);
            room = room / 2 + half;
            limit_uncovered(tree->uncovered, tree->uncovered_more, room);
        } else {
            auto& database = std::get<DatabaseMark>(source);
            limit_uncovered(database.uncovered, database.uncovered_more, room);
        }
    }
}

}  // namespace farshore
