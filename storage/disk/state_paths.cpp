#include "storage/disk/state_paths.hpp"

namespace farshore::storage {

std::string StatePaths::absolute(std::string_view name) const {
    return directory_ + "/" + std::string(name);
}

std::string StatePaths::spool_of(const SourceName& database) {
    return std::string(spool) + "/" + database.str();
}

}  // namespace farshore::storage
