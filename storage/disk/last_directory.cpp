#include "storage/disk/last_directory.hpp"

#include <utility>

namespace farshore::storage {

LastDirectory::Place LastDirectory::of(std::string_view path) {
    FARSHORE_ASSERT(root_ != nullptr);
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) {
        return {*root_, path};
    }
    const std::string_view parent = path.substr(0, slash);
    if (uses_ == 0 || path_ != parent) {
        uses_ = 0;
        handle_ = files_.open_directory(*root_, parent);
        path_ = parent;
        uses_ = most_uses;
    }
    --uses_;
    return {handle_, path.substr(slash + 1)};
}

}  // namespace farshore::storage
