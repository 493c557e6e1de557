#pragma once
// Where the keys for S3 come from: the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
// AWS_SESSION_TOKEN), else the shared credentials file (AWS_SHARED_CREDENTIALS_FILE, by default
// ~/.aws/credentials; the profile AWS_PROFILE, by default "default"). Never from farshore's own
// config. An empty variable counts as not set.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/error.hpp"
#include "storage/disk/file_system.hpp"
#include "storage/objects/s3_signature.hpp"

namespace farshore::storage {

// The value of an environment variable; nullopt when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
[[nodiscard]] Environment process_environment();

constexpr std::size_t credentials_file_limit_bytes = 1024 * 1024;

// One profile of a shared credentials file. Strict: a line that is neither a section, a "key =
// value", a comment nor an indented continuation is malformed, as is a key or a section that comes
// twice; keys that are not ours are passed over. not_found: no such profile, or one without static
// keys. No message contains a secret.
[[nodiscard]] Result<S3Keys> parse_credentials_file(std::string_view text,
                                                    std::string_view profile);

// Asked anew for each operation: keys that were rotated in the file are used from the next on.
class S3Credentials {
  public:
    S3Credentials(FileSystem& file_system, Environment environment)
        : file_system_(file_system), environment_(std::move(environment)) {}

    // Throws Error(store_refused) that names what was looked for and where.
    [[nodiscard]] S3Keys load() const;

  private:
    [[nodiscard]] std::optional<std::string> variable(const std::string& name) const;
    [[nodiscard]] std::optional<S3Keys> from_environment() const;
    [[nodiscard]] std::string read_file(const std::string& path) const;

    FileSystem& file_system_;
    Environment environment_;
};

}  // namespace farshore::storage
