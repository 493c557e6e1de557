#pragma once
// From the [store] section of a config to the ObjectStore it means.

#include <memory>
#include <string>

#include "protocol/time.hpp"
#include "storage/disk/file_system.hpp"
#include "storage/objects/object_store.hpp"
#include "storage/objects/s3_credentials.hpp"

namespace farshore::storage {

// The values as they stand in the config. For a directory only url counts; object_lock and
// encryption, which it could not keep, are refused.
struct StoreSettings {
    std::string url;  // "file:/absolute/path" or "s3://BUCKET/PREFIX"
    std::string region;
    std::string endpoint;
    std::string ca;  // path of a PEM file
    std::string object_lock;
    std::string encryption;
    bool path_style = false;
};

// True for a url that names a directory on this host.
[[nodiscard]] bool is_directory_url(const std::string& url);

// Throws Error(bad_config) that names the wrong key. Asks nobody yet: that is check(). The file
// system and the clock must outlive the store.
[[nodiscard]] std::unique_ptr<ObjectStore> open_store(
    const StoreSettings& settings, FileSystem& file_system, Clock& clock,
    Environment environment = process_environment());

}  // namespace farshore::storage
