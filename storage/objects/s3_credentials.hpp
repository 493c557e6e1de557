#pragma once
// Where the keys for S3 come from: the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
// AWS_SESSION_TOKEN), else a web identity, else the shared credentials file
// (AWS_SHARED_CREDENTIALS_FILE, by default ~/.aws/credentials; the profile AWS_PROFILE, by default
// "default"), else who lends them (s3_role_credentials.hpp). Never from farshore's own config. An
// empty variable counts as not set.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/error.hpp"
#include "storage/disk/file_system.hpp"
#include "storage/objects/s3_role_credentials.hpp"
#include "storage/objects/s3_signature.hpp"

namespace farshore::storage {

// The value of an environment variable; nullopt when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
[[nodiscard]] Environment process_environment();

constexpr std::size_t credentials_file_limit_bytes = 1024UL * 1024;

// One profile of a shared credentials file. Strict: a line that is neither a section, a "key =
// value", a comment nor an indented continuation is malformed, as is a key or a section that comes
// twice; keys that are not ours are passed over. not_found: no such profile, or one without static
// keys. No message contains a secret.
[[nodiscard]] Result<S3Keys> parse_credentials_file(std::string_view text,
                                                    std::string_view profile);

// The AWS chain: the environment, a web identity, the shared file, the container, the instance.
// Asked anew for each operation: keys that were rotated in the file are used from the next on. Keys
// that are lent for a time are kept until 15 minutes before they end, and, while nobody gives new
// ones, until they end.
class S3Credentials {
  public:
    S3Credentials(FileSystem& file_system, Environment environment, Clock& clock);

    // Throws Error(store_refused) that names what was looked for and where, or store_unavailable
    // when who lends keys is away.
    [[nodiscard]] S3Keys load() const;
    // The service says that the keys have ended: ask for new ones.
    void forget() const;
    // Ends what is waiting for an answer.
    void interrupt() const;

  private:
    struct Lent;
    [[nodiscard]] std::optional<S3Keys> kept() const;
    [[nodiscard]] S3Keys lend() const;
    [[nodiscard]] S3Keys keep(const LentKeys& lent) const;
    [[nodiscard]] Result<S3Keys> from_file() const;
    [[nodiscard]] std::optional<std::string> variable(const std::string& name) const;
    [[nodiscard]] std::optional<S3Keys> from_environment() const;
    [[nodiscard]] std::string read_file(const std::string& path) const;

    FileSystem& file_system_;
    Environment environment_;
    Clock& clock_;
    std::shared_ptr<Lent> lent_;
};

}  // namespace farshore::storage
