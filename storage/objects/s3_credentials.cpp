#include "storage/objects/s3_credentials.hpp"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <set>

namespace farshore::storage {

namespace {

constexpr int symlink_limit = 8;
constexpr std::string_view what_is_supported =
    " (supported: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_WEB_IDENTITY_TOKEN_FILE with "
    "AWS_ROLE_ARN, static keys in the shared credentials file, the container's and the instance's "
    "role; not supported: credential_process, roles and SSO of a profile)";
// Lent keys are replaced from then on, tried again not more often than this.
constexpr Duration renew_before = Duration::from_ms(15L * 60'000);
constexpr Duration renew_pause = Duration::from_ms(30'000);

std::string_view trim(std::string_view text) {
    constexpr std::string_view blanks = " \t\r";
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

// None may get into a header.
bool has_control_character(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return (c >= 0 && c < ' ') || c == '\x7F'; });
}

Error malformed(std::size_t line, std::string_view what) {
    return {ErrorCode::malformed, "line " + std::to_string(line) + ": " + std::string(what)};
}

// Goes through the lines and collects the keys of one profile.
class CredentialsReader {
  public:
    explicit CredentialsReader(std::string_view profile) : profile_(profile) {}

    Status read(std::string_view text) {
        while (!text.empty()) {
            const std::size_t end = text.find('\n');
            const std::string_view line = text.substr(0, end);
            text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
            ++line_number_;
            Status status = read_line(line);
            if (!status) {
                return status;
            }
        }
        return Unit{};
    }

    [[nodiscard]] bool found() const { return found_; }
    [[nodiscard]] const S3Keys& keys() const { return keys_; }

  private:
    Status read_line(std::string_view line) {
        const std::string_view content = trim(line);
        if (content.empty() || content[0] == '#' || content[0] == ';') {
            return Unit{};
        }
        if (line[0] == ' ' || line[0] == '\t') {  // belongs to the key above, never to one of ours
            return section_.empty() ? Status(malformed(line_number_, "indented, but nothing above"))
                                    : Status(Unit{});
        }
        return content[0] == '[' ? read_section(content) : read_setting(content);
    }

    Status read_section(std::string_view content) {
        if (content.size() < 3 || content.back() != ']') {
            return malformed(line_number_, "not a [section]");
        }
        section_ = std::string(trim(content.substr(1, content.size() - 2)));
        if (section_.empty() || !sections_.insert(section_).second) {
            return malformed(line_number_, "a section without a name, or for the second time");
        }
        names_.clear();
        found_ = found_ || section_ == profile_;
        return Unit{};
    }

    Status read_setting(std::string_view content) {
        const std::size_t equals = content.find('=');
        if (equals == std::string_view::npos || section_.empty()) {
            return malformed(line_number_, "not a \"key = value\" within a [section]");
        }
        const std::string name(trim(content.substr(0, equals)));
        if (name.empty() || !names_.insert(name).second) {
            return malformed(line_number_, "a key without a name, or for the second time");
        }
        const std::string_view value = trim(content.substr(equals + 1));
        if (has_control_character(value)) {
            return malformed(line_number_, "a control character");
        }
        if (section_ == profile_) {
            keep(name, std::string(value));
        }
        return Unit{};
    }

    void keep(const std::string& name, std::string value) {
        if (name == "aws_access_key_id") {
            keys_.access_key = std::move(value);
        } else if (name == "aws_secret_access_key") {
            keys_.secret_key = std::move(value);
        } else if (name == "aws_session_token") {
            keys_.session_token = std::move(value);
        }
    }

    std::string profile_;
    std::string section_;
    std::set<std::string> sections_;
    std::set<std::string> names_;  // in this section
    std::size_t line_number_ = 0;
    bool found_ = false;
    S3Keys keys_;
};

struct SplitPath {
    std::string directory;
    std::string name;
};

SplitPath split_path(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) {
        return {".", path};
    }
    // With the dot a directory that is itself a link is followed.
    return {path.substr(0, slash + 1) + ".", path.substr(slash + 1)};
}

}  // namespace

Environment process_environment() {
    return [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    };
}

Result<S3Keys> parse_credentials_file(std::string_view text, std::string_view profile) {
    if (text.size() > credentials_file_limit_bytes) {
        return Error(ErrorCode::too_large, "the file is larger than 1 MiB");
    }
    CredentialsReader reader(profile);
    const Status status = reader.read(text);
    if (!status) {
        return status.error();
    }
    if (!reader.found()) {
        return Error(ErrorCode::not_found, "it has no profile [" + std::string(profile) + "]");
    }
    const S3Keys& keys = reader.keys();
    if (keys.access_key.empty() || keys.secret_key.empty()) {
        return Error(ErrorCode::not_found,
                     "profile [" + std::string(profile) +
                         "] lacks aws_access_key_id or aws_secret_access_key");
    }
    return keys;
}

struct S3Credentials::Lent {
    std::mutex mutex;
    HttpClient http{""};
    std::optional<LentKeys> keys;
    std::optional<Timestamp> tried;
};

S3Credentials::S3Credentials(FileSystem& file_system, Environment environment, Clock& clock)
    : file_system_(file_system),
      environment_(std::move(environment)),
      clock_(clock),
      lent_(std::make_shared<Lent>()) {}

std::optional<std::string> S3Credentials::variable(const std::string& name) const {
    std::optional<std::string> value = environment_(name);
    if (value && has_control_character(*value)) {
        throw Error(ErrorCode::store_refused, name + " holds a control character");
    }
    return value && value->empty() ? std::nullopt : value;
}

std::optional<S3Keys> S3Credentials::from_environment() const {
    const auto access_key = variable("AWS_ACCESS_KEY_ID");
    const auto secret_key = variable("AWS_SECRET_ACCESS_KEY");
    if (access_key.has_value() != secret_key.has_value()) {
        throw Error(ErrorCode::store_refused,
                    access_key ? "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not"
                               : "AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID is not");
    }
    if (!access_key) {
        return std::nullopt;
    }
    return S3Keys{*access_key, *secret_key, variable("AWS_SESSION_TOKEN").value_or("")};
}

// Mounted secrets are symbolic links, which FileSystem does not follow by itself.
std::string S3Credentials::read_file(const std::string& path) const {
    std::string at = path;
    for (int i = 0; i < symlink_limit; ++i) {
        const SplitPath split = split_path(at);
        const Handle directory = file_system_.open_root(split.directory);
        const auto status = file_system_.status(directory, split.name);
        if (!status) {
            throw Error(ErrorCode::not_found, at + " does not exist");
        }
        if (status->type == EntryType::symlink) {
            const std::string target = file_system_.read_symlink(directory, split.name);
            at = target.starts_with('/') ? target : split.directory + "/" + target;
            continue;
        }
        if (status->size > credentials_file_limit_bytes) {
            throw Error(ErrorCode::too_large, at + " is larger than 1 MiB");
        }
        const Handle file = file_system_.open_file(directory, split.name);
        std::string text(static_cast<std::size_t>(status->size), '\0');
        text.resize(file_system_.read_at(file, 0, std::as_writable_bytes(std::span(text))));
        return text;
    }
    throw Error(ErrorCode::not_found, path + " is a chain of too many symbolic links");
}

Result<S3Keys> S3Credentials::from_file() const {
    std::optional<std::string> path = variable("AWS_SHARED_CREDENTIALS_FILE");
    if (const auto home = variable("HOME"); !path && home) {
        path = *home + "/.aws/credentials";
    }
    if (!path) {
        return Error(ErrorCode::not_found, "neither keys nor HOME are in the environment");
    }
    const std::string profile = variable("AWS_PROFILE").value_or("default");
    const auto named = [&](const Error& error) {
        return Error(error.code(), "in " + *path + ": " + error.message());
    };
    try {
        Result<S3Keys> keys = parse_credentials_file(read_file(*path), profile);
        return keys ? keys : Result<S3Keys>(named(keys.error()));
    } catch (const Error& error) {
        return named(error);
    }
}

// Those that were lent, while they are good: well before their end, or a little while after an
// attempt to replace them.
std::optional<S3Keys> S3Credentials::kept() const {
    if (!lent_->keys) {
        return std::nullopt;
    }
    const Timestamp now = clock_.utc_now();
    const std::optional<Timestamp>& expires = lent_->keys->expires;
    const bool is_fresh = !expires || now + renew_before < *expires;
    const bool was_tried = expires && now < *expires && lent_->tried && now >= *lent_->tried &&
                           now - *lent_->tried < renew_pause;
    return is_fresh || was_tried ? std::optional(lent_->keys->keys) : std::nullopt;
}

S3Keys S3Credentials::keep(const LentKeys& lent) const {
    lent_->keys = lent;
    return lent.keys;
}

S3Keys S3Credentials::lend() const {
    RoleCredentials roles(
        lent_->http, [this](const std::string& name) { return variable(name); },
        [this](const std::string& path) { return read_file(path); });
    if (const auto lent = roles.from_web_identity()) {
        return keep(Result<LentKeys>(*lent).take());
    }
    const Result<S3Keys> file = from_file();
    if (file) {
        return file.value();
    }
    const bool goes_on =
        file.error().code() == ErrorCode::not_found && !variable("AWS_PROFILE").has_value();
    std::string what = file.error().message();
    for (const auto& source : {&RoleCredentials::from_container, &RoleCredentials::from_instance}) {
        const auto lent = goes_on ? (roles.*source)() : std::nullopt;
        if (lent && *lent) {
            return keep(lent->value());
        }
        if (lent) {
            what += "; " + lent->error().message();
            break;  // a container does not ask its host
        }
    }
    throw Error(ErrorCode::store_refused,
                "no credentials for S3 " + what + std::string(what_is_supported));
}

S3Keys S3Credentials::load() const {
    if (std::optional<S3Keys> keys = from_environment()) {
        return *std::move(keys);
    }
    const std::lock_guard lock(lent_->mutex);
    if (std::optional<S3Keys> keys = kept()) {
        return *std::move(keys);
    }
    lent_->tried = clock_.utc_now();
    try {
        return lend();
    } catch (const Error&) {
        // Not renewed: the old ones are good to their end.
        if (const std::optional<S3Keys> keys = kept()) {
            return *keys;
        }
        throw;
    }
}

void S3Credentials::forget() const {
    const std::lock_guard lock(lent_->mutex);
    lent_->keys.reset();
}

void S3Credentials::interrupt() const {
    lent_->http.interrupt();
}

}  // namespace farshore::storage
