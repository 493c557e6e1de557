#include "tests/support/s3_server.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <stdexcept>

#include "tests/support/process.hpp"

namespace farshore::test {

namespace {

// Below the ports that the kernel gives out by itself.
constexpr int first_port = 20'000;
constexpr int last_port = 32'000;
constexpr int block_ports = 30;
constexpr int most_tries = 20;

// Of this file's own folder: the tests run from anywhere.
std::string script() {
    const std::string here = FARSHORE_SOURCE_ROOT;
    return here + "/tests/support/s3_server.sh";
}

bool is_free(int port) {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool free =
        bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    close(listener);
    return free;
}

bool is_free_block(int port) {
    for (int i = 0; i < block_ports; ++i) {
        if (!is_free(port + i)) {
            return false;
        }
    }
    return true;
}

Timestamp now() {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return {std::chrono::duration_cast<std::chrono::nanoseconds>(since).count()};
}

void require_success(const storage::HttpAnswer& answer, const std::string& deed) {
    if (answer.status != 200) {
        throw std::runtime_error("cannot " + deed + ": " + std::to_string(answer.status) + " " +
                                 answer.body);
    }
}

}  // namespace

std::optional<std::string> S3Server::missing() {
    for (const char* program :
         {"radosgw", "radosgw-admin", "ceph-mon", "ceph-osd", "monmaptool", "osdmaptool"}) {
        if (run({"sh", "-c", "command -v \"$0\"", program}).status != 0) {
            return std::string(program) +
                   " is not installed (Debian: radosgw ceph-mon ceph-osd ceph-common)";
        }
    }
    return std::nullopt;
}

// Another test may take the block between the look and the start: then the script says so, and the
// next block is tried.
S3Server::S3Server() {
    const int blocks = (last_port - first_port) / block_ports;
    std::string said;
    for (int i = 0; i < most_tries; ++i) {
        port_ = first_port + (getpid() * 7 + i) % blocks * block_ports;
        if (!is_free_block(port_)) {
            continue;
        }
        const std::string place = directory_ / ("try" + std::to_string(i));
        const Outcome outcome =
            run({script(), "start", place, std::to_string(port_), std::to_string(getpid())}, {},
                std::chrono::seconds(120));
        if (outcome.status == 0) {
            symlink(place.c_str(), (directory_ / "server").c_str());
            return;
        }
        said = outcome.err;
        static_cast<void>(run({script(), "stop", place}));
    }
    throw std::runtime_error("cannot start an S3 server: " + said);
}

S3Server::~S3Server() {
    static_cast<void>(run({script(), "stop", directory_ / "server"}));
}

std::string S3Server::endpoint() const {
    return "http://127.0.0.1:" + std::to_string(port_);
}

std::string S3Server::tls_endpoint() const {
    return "https://s3.localhost:" + std::to_string(port_ + 1);
}

std::string S3Server::ca() const {
    return directory_ / "server/ca.pem";
}

storage::S3Keys S3Server::keys() {
    return {"FARSHORETESTACCESS01", "farshore+test/secret/0123456789abcdefghi", ""};
}

storage::HttpAnswer S3Server::request(const std::string& method, const std::string& path,
                                      const storage::NameValues& query,
                                      const storage::NameValues& headers,
                                      std::string_view body) const {
    const Timestamp time = now();
    storage::S3Canonical canonical;
    canonical.method = method;
    canonical.path = storage::encode_uri_path(path);
    canonical.query = storage::encode_query(query);
    canonical.payload_sha256 = sha256(body).hex();
    canonical.headers = headers;
    canonical.headers.emplace_back("host", "127.0.0.1:" + std::to_string(port_));
    canonical.headers.emplace_back("x-amz-content-sha256", canonical.payload_sha256);
    canonical.headers.emplace_back("x-amz-date", storage::amz_date(time));
    storage::HttpRequest http;
    http.method = method;
    http.url = endpoint() + canonical.path + (query.empty() ? "" : "?" + canonical.query);
    http.headers = canonical.headers;
    http.headers.emplace_back("authorization",
                              storage::authorization(canonical, keys(), {region(), "s3"}, time));
    http.body = body;
    http.answer_limit_bytes = 1024 * 1024;
    return storage::HttpClient("").perform(http).take();
}

void S3Server::make_bucket(const std::string& name, BucketKind kind) {
    storage::NameValues headers;
    if (kind == BucketKind::locked) {
        headers.emplace_back("x-amz-bucket-object-lock-enabled", "true");
    }
    require_success(request("PUT", "/" + name, {}, headers, ""), "make bucket " + name);
    if (kind == BucketKind::versioned) {
        const std::string body =
            "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
        require_success(request("PUT", "/" + name, {{"versioning", ""}}, {}, body),
                        "turn versioning on for " + name);
    }
}

storage::StoreSettings S3Server::settings(const std::string& bucket,
                                          const std::string& prefix) const {
    storage::StoreSettings settings;
    settings.url = "s3://" + bucket + "/" + prefix;
    settings.region = region();
    settings.endpoint = endpoint();
    settings.path_style = true;
    return settings;
}

storage::Environment S3Server::environment(const storage::S3Keys& keys) {
    return [keys](const std::string& name) -> std::optional<std::string> {
        if (name == "AWS_ACCESS_KEY_ID") {
            return keys.access_key;
        }
        if (name == "AWS_SECRET_ACCESS_KEY") {
            return keys.secret_key;
        }
        if (name == "AWS_SESSION_TOKEN") {
            return keys.session_token;
        }
        return std::nullopt;
    };
}

}  // namespace farshore::test
