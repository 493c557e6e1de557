#pragma once
// Keys that are lent for a time: by STS for a web identity (EKS), by a container's agent (ECS, EKS
// Pod Identity), by the instance (IMDSv2). One request to each; nothing is kept here.

#include <functional>
#include <optional>
#include <string>

#include "protocol/time.hpp"
#include "storage/objects/http_client.hpp"
#include "storage/objects/s3_signature.hpp"

namespace farshore::storage {

struct LentKeys {
    S3Keys keys;
    std::optional<Timestamp> expires;  // none: never, as far as was said
};

class RoleCredentials {
  public:
    using Variable = std::function<std::optional<std::string>(const std::string& name)>;
    using ReadFile = std::function<std::string(const std::string& path)>;
    RoleCredentials(HttpClient& http, Variable variable, ReadFile read_file)
        : http_(http), variable_(std::move(variable)), read_file_(std::move(read_file)) {}

    // nullopt: the environment does not name a web identity. Error values of all three:
    // store_unavailable (nobody answers, or says no for now), store_refused. No message contains a
    // secret.
    [[nodiscard]] std::optional<Result<LentKeys>> from_web_identity();
    [[nodiscard]] std::optional<Result<LentKeys>> from_container();
    // nullopt: AWS_EC2_METADATA_DISABLED says so.
    [[nodiscard]] std::optional<Result<LentKeys>> from_instance();

  private:
    [[nodiscard]] Result<std::string> ask(const std::string& who, HttpRequest request);
    [[nodiscard]] Result<LentKeys> ask_instance(const std::string& base);

    HttpClient& http_;
    Variable variable_;
    ReadFile read_file_;
};

// Where STS is asked in a region, when the environment does not say it.
[[nodiscard]] std::string sts_endpoint(const std::string& region);
// What containers and instances answer.
[[nodiscard]] Result<LentKeys> parse_lent_json(std::string_view text);
// What STS answers.
[[nodiscard]] Result<LentKeys> parse_lent_xml(std::string_view text);
// May a container's address be asked without TLS: loopback, and the link-local ones of ECS and EKS.
[[nodiscard]] bool may_be_asked_plainly(std::string_view url);

}  // namespace farshore::storage
