#pragma once
// What both roles stand on: keys, trust, state directory, stores, network. Opened once, in this
// order.

#include <memory>
#include <string>

#include "agent/config/config.hpp"
#include "agent/connection/network.hpp"
#include "agent/connection/tls_context.hpp"
#include "agent/runtime/random.hpp"
#include "agent/runtime/system_clock.hpp"
#include "agent/verification/report.hpp"
#include "protocol/signing.hpp"
#include "protocol/trust.hpp"
#include "storage/disk/directory_lock.hpp"
#include "storage/disk/posix_file_system.hpp"
#include "storage/disk/state_paths.hpp"
#include "storage/objects/directory_store.hpp"
#include "storage/objects/open_store.hpp"

namespace farshore::daemon {

// The signing key and the trust file; Error(bad_key), Error(bad_config), Error(untrusted) when the
// trust file does not list our own key.
struct Identity {
    SigningKey key;
    TrustSet trust;
};
[[nodiscard]] Identity load_identity(storage::FileSystem& files, const config::Config& config);
[[nodiscard]] storage::StoreSettings store_settings(const config::Store& store);

struct Services;
// The evidence in the store, and that it still holds what this agent wrote.
void verify_chain(Services& services, verification::VerifyReport& report,
                  const verification::OnProgress& progress);

// Invariants: one agent per state directory; everything in here outlives the role.
struct Services {
    explicit Services(const config::Config& loaded);

    // Reads certificates, trust file and signing key anew, while everything runs. When one of them
    // is of no use, all stays as it was, and status says why until a later reload succeeds.
    void reload();
    [[nodiscard]] std::optional<Error> reload_fault() const;

    const config::Config& config;
    storage::PosixFileSystem files;
    runtime::SystemClock clock;
    runtime::SystemRandom random;
    storage::StatePaths paths;
    storage::Handle state_directory;
    storage::DirectoryLock lock;
    std::string state_file;
    Identity identity;
    connection::TlsContext tls;
    std::unique_ptr<storage::ObjectStore> store;
    storage::DirectoryStore evidence;
    connection::Network network;
    Timestamp started;

  private:
    mutable std::mutex reload_mutex_;
    std::optional<Error> reload_fault_;
};

}  // namespace farshore::daemon
