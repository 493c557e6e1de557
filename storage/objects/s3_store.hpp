#pragma once
// ObjectStore on S3 and what speaks its language. A translation of the interface into HTTP: it
// signs, asks, reads the answer; it does not retry.
//
// create() asks for the key first, then writes under the condition that the key is free
// (If-None-Match: *), then reads back what it wrote.
//
// Where the bucket keeps versions, the oldest one is the object: a key that was written twice (by
// servers that ignore the condition there, as Ceph 16 does, or by somebody who tampers) or deleted
// still reads as it was created first. So two writers never both win.

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "protocol/time.hpp"
#include "storage/objects/http_client.hpp"
#include "storage/objects/object_store.hpp"
#include "storage/objects/s3_address.hpp"
#include "storage/objects/s3_credentials.hpp"
#include "storage/objects/s3_error.hpp"
#include "storage/objects/s3_protection.hpp"
#include "storage/objects/s3_xml.hpp"

namespace farshore::storage {

struct S3Settings {
    S3Place place;
    S3Address address;
    std::string region;
    std::string ca;  // PEM file; empty for the system's
    S3Protection protection;
};

class S3Store final : public ObjectStore {
  public:
    S3Store(S3Settings settings, S3Credentials credentials, Clock& clock);

    [[nodiscard]] PutOutcome create(const std::string& key, std::string_view bytes) override;
    [[nodiscard]] Result<std::string> get(const std::string& key, std::size_t limit_bytes) override;
    [[nodiscard]] std::vector<std::string> list(const std::string& prefix) override;
    [[nodiscard]] std::vector<StoredObject> list_stored(const std::string& prefix) override;
    [[nodiscard]] std::vector<Overlaid> list_overlaid(const std::string& prefix) override;
    // Asks for one page of a listing, and sends an object whose bytes don't fit its signature: a
    // server of S3's kind checks the right to write, refuses it, and keeps nothing.
    void check() override;
    void interrupt() override {
        http_.interrupt();
        credentials_.interrupt();
    }
    [[nodiscard]] std::string name() const override;

  private:
    struct Request;
    // nullopt: there is no object.
    using Found = std::optional<PutOutcome>;

    [[nodiscard]] std::string full_key(const std::string& key) const;
    [[nodiscard]] S3Question question(std::string deed, const std::string& key) const;
    [[nodiscard]] HttpRequest sign(const S3Keys& keys, const Request& request) const;
    [[nodiscard]] Result<HttpAnswer> ask(const S3Keys& keys, const Request& request);
    // `doubt_404`: where versions are kept, look below what may be a delete marker; not every
    // server's 404 tells of one.
    [[nodiscard]] Result<std::string> read(const S3Keys& keys, const std::string& key,
                                           std::size_t limit_bytes, bool doubt_404);
    [[nodiscard]] Result<HttpAnswer> get_version(const S3Keys& keys, const std::string& key,
                                                 const std::string& version,
                                                 std::size_t limit_bytes);
    // Takes `page` on to the one after it. `prefix`: of the bucket.
    [[nodiscard]] Status next_versions(const S3Keys& keys, const S3Question& asked,
                                       const std::string& prefix, S3VersionPage& page);
    [[nodiscard]] Result<std::string> oldest_version(const S3Keys& keys, const std::string& key);
    [[nodiscard]] Result<Found> compare(const S3Keys& keys, const std::string& key,
                                        std::string_view bytes);
    [[nodiscard]] Result<Found> compare_by_checksum(const S3Keys& keys, const std::string& key,
                                                    std::string_view bytes);
    [[nodiscard]] Result<HttpAnswer> put(const S3Keys& keys, const std::string& key,
                                         std::string_view bytes);
    [[nodiscard]] PutOutcome confirm(const S3Keys& keys, const std::string& key,
                                     std::string_view bytes);
    [[nodiscard]] PutOutcome settle(const S3Keys& keys, const std::string& key,
                                    std::string_view bytes, const Error& failure);
    [[nodiscard]] S3Page list_page(const S3Keys& keys, const std::string& prefix,
                                   const std::string& token);
    void check_write(const S3Keys& keys);

    S3Settings settings_;
    S3Credentials credentials_;
    Clock& clock_;
    HttpClient http_;
    std::atomic<bool> keeps_versions_ = false;  // some answer told of a version
};

}  // namespace farshore::storage
