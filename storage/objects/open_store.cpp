#include "storage/objects/open_store.hpp"

#include "storage/objects/directory_store.hpp"
#include "storage/objects/s3_store.hpp"

namespace farshore::storage {

namespace {

constexpr std::string_view file_scheme = "file:";

std::unique_ptr<ObjectStore> open_directory(const StoreSettings& settings,
                                            FileSystem& file_system) {
    std::string_view path = settings.url;
    path.remove_prefix(file_scheme.size());
    if (path.starts_with("//")) {  // file:///absolute/path
        path.remove_prefix(2);
    }
    if (!path.starts_with('/')) {
        throw Error(ErrorCode::bad_config, "store url \"" + settings.url +
                                               "\": the path of the directory is not absolute");
    }
    if (!settings.object_lock.empty() || !settings.encryption.empty()) {
        throw Error(ErrorCode::bad_config,
                    "store object_lock and encryption need an s3:// url, not a directory");
    }
    return std::make_unique<DirectoryStore>(file_system, std::string(path));
}

}  // namespace

bool is_directory_url(const std::string& url) {
    return url.starts_with(file_scheme);
}

std::unique_ptr<ObjectStore> open_store(const StoreSettings& settings, FileSystem& file_system,
                                        Clock& clock, Environment environment) {
    if (is_directory_url(settings.url)) {
        return open_directory(settings, file_system);
    }
    S3Settings s3;
    s3.place = parse_s3_url(settings.url).take();
    s3.address =
        make_s3_address(s3.place.bucket, settings.region, settings.endpoint, settings.path_style)
            .take();
    s3.region = settings.region;
    s3.ca = settings.ca;
    s3.protection.lock = parse_object_lock(settings.object_lock).take();
    s3.protection.encryption = parse_encryption(settings.encryption).take();
    return std::make_unique<S3Store>(
        std::move(s3), S3Credentials(file_system, std::move(environment), clock), clock);
}

}  // namespace farshore::storage
