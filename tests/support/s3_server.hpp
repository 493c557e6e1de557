#pragma once
// A real S3 server (Ceph's RADOS gateway) in a temporary directory, on ports of its own, gone with
// the object, and with the test when that dies.

#include <optional>
#include <string>

#include "storage/objects/http_client.hpp"
#include "storage/objects/open_store.hpp"
#include "storage/objects/s3_signature.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::test {

class S3Server {
  public:
    // Why there can be no server on this machine (packages that are missing); nullopt: it can.
    [[nodiscard]] static std::optional<std::string> missing();

    // Returns when it answers. Throws std::runtime_error with what the script says.
    S3Server();
    ~S3Server();
    S3Server(const S3Server&) = delete;
    S3Server& operator=(const S3Server&) = delete;

    [[nodiscard]] std::string endpoint() const;      // http, by address
    [[nodiscard]] std::string tls_endpoint() const;  // https://s3.localhost:PORT
    [[nodiscard]] std::string ca() const;            // its authority, a PEM file
    [[nodiscard]] static std::string region() { return "us-east-1"; }
    [[nodiscard]] static storage::S3Keys keys();

    enum class BucketKind { plain, versioned, locked };
    void make_bucket(const std::string& name, BucketKind kind = BucketKind::plain);
    // Any signed request, past the store: "/bucket/key", {{"versioning", ""}}.
    [[nodiscard]] storage::HttpAnswer request(const std::string& method, const std::string& path,
                                              const storage::NameValues& query,
                                              const storage::NameValues& headers,
                                              std::string_view body) const;

    // For the tests' own stores: http, path style, prefix below the bucket.
    [[nodiscard]] storage::StoreSettings settings(const std::string& bucket,
                                                  const std::string& prefix) const;
    // An environment that holds keys and nothing else.
    [[nodiscard]] static storage::Environment environment(const storage::S3Keys& keys);

  private:
    TemporaryDirectory directory_;
    int port_ = 0;
};

}  // namespace farshore::test
