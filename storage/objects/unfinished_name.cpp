#include "storage/objects/unfinished_name.hpp"

namespace farshore::storage {

namespace {

constexpr std::string_view unfinished_prefix = ".farshore-unfinished-";
constexpr std::size_t digest_digits = 16;

}  // namespace

std::string make_unfinished_name(const Digest& content, std::uint64_t attempt) {
    return std::string(unfinished_prefix) + content.hex().substr(0, digest_digits) + "-" +
           std::to_string(attempt);
}

bool is_unfinished_name(std::string_view component) {
    return component.starts_with(unfinished_prefix);
}

}  // namespace farshore::storage
