#include "storage/disk/state_paths.hpp"

namespace farshore::storage {

std::string StatePaths::absolute(std::string_view name) const {
    return directory_ + "/" + std::string(name);
}

std::string StatePaths::spool_of(const SourceName& source) {
    return std::string(spool) + "/" + source.str();
}

}  // namespace farshore::storage
