#include "agent/daemon/services.hpp"

#include "agent/config/load.hpp"
#include "agent/runtime/log.hpp"
#include "agent/runtime/sleeper.hpp"
#include "agent/verification/chain_check.hpp"
#include "agent/verification/witness_check.hpp"
#include "storage/evidence/evidence_tables.hpp"
#include "storage/evidence/outbox.hpp"
#include "storage/evidence/trust_file.hpp"
#include "storage/state/primary_state.hpp"
#include "storage/state/secondary_state.hpp"

namespace farshore::daemon {

namespace {

// The state directory itself is made when its parent is there: a path that is wrong stays visible.
storage::Handle open_state(storage::FileSystem& files, const std::string& path) {
    const std::size_t slash = path.rfind('/');
    const storage::Handle parent = files.open_root(slash == 0 ? "/" : path.substr(0, slash));
    const std::string name = path.substr(slash + 1);
    if (!files.status(parent, name)) {
        files.make_directory(parent, name, 0700);
        files.sync_file(parent);
    }
    return files.open_root(path);
}

SigningKey read_signing_key(storage::FileSystem& files, const std::string& path) {
    const std::string text = config::read_small_file(files, path);
    try {
        return SigningKey::from_pem(text);
    } catch (const Error& error) {
        throw Error(error.code(), "cannot use " + path + ": " + error.message());
    }
}

}  // namespace

Identity load_identity(storage::FileSystem& files, const config::Config& config) {
    Identity identity{
        .key = read_signing_key(files, config.signing.key),
        .trust = storage::parse_trust_file(config::read_small_file(files, config.signing.trust),
                                           config.signing.trust)};
    if (identity.trust.stream() != config.agent.stream) {
        throw Error(ErrorCode::bad_config, config.signing.trust + " is of stream " +
                                               identity.trust.stream().str() + ", the config of " +
                                               config.agent.stream.str());
    }
    const TrustedKey* own = identity.trust.find(identity.key.public_key().key_id());
    if (own == nullptr || own->agent != config.agent.name) {
        throw Error(ErrorCode::untrusted, config.signing.trust + " does not list the key " +
                                              config.signing.key + " as that of " +
                                              config.agent.name.str());
    }
    return identity;
}

storage::StoreSettings store_settings(const config::Store& store) {
    return {.url = store.url,
            .region = store.region,
            .endpoint = store.endpoint,
            .ca = store.ca,
            .object_lock = store.object_lock,
            .encryption = store.encryption,
            .path_style = store.path_style};
}

void verify_chain(Services& services, verification::VerifyReport& report,
                  const verification::OnProgress& progress) {
    runtime::SystemSleeper sleeper;
    (void)verification::check_chain(*services.store, services.identity.trust, report, progress,
                                    nullptr, &sleeper);
    verification::check_witness(*services.store, services.evidence,
                                {.stream = services.config.agent.stream,
                                 .agent = services.config.agent.name,
                                 .still_queued =
                                     [&services] {
                                         storage::Database database(services.state_file);
                                         return storage::Outbox(database).keys();
                                     }},
                                report);
}

Services::Services(const config::Config& loaded)
    : config(loaded),
      paths(loaded.agent.state),
      state_directory(open_state(files, loaded.agent.state)),
      lock(files, state_directory),
      state_file(paths.absolute(storage::StatePaths::database)),
      identity(load_identity(files, loaded)),
      tls(connection::load_tls_material(files, loaded.tls)),
      store(storage::open_store(store_settings(loaded.store), files, clock)),
      evidence(files, paths.absolute(storage::StatePaths::evidence)),
      started(clock.utc_now()) {
    // SQLite would make its file with the process's umask; those beside it get the mode of this
    // one.
    (void)files.open_append(state_directory, storage::StatePaths::database);
    // Tables are made here, before any thread opens the state by itself.
    storage::Database database(state_file);
    storage::make_evidence_tables(database);
    if (loaded.agent.role == config::Role::primary) {
        const storage::PrimaryState prepared(state_file);
    } else {
        const storage::SecondaryState prepared(state_file);
    }
    evidence.check();
}

void Services::reload() {
    std::optional<Error> fault;
    try {
        const Identity fresh = load_identity(files, config);
        const connection::TlsMaterial material = connection::load_tls_material(files, config.tls);
        const connection::TlsContext probe(material);
        if (const auto objection = probe.objection(config.agent.name, clock.utc_now())) {
            throw Error(*objection);
        }
        tls.replace(material);
        identity.trust.replace(fresh.trust);
        identity.key.replace(fresh.key);
        log::info("reloaded: certificates until {}, {} trusted keys, signing with {}",
                  to_rfc3339(tls.expires()), identity.trust.keys().size(),
                  identity.key.public_key().key_id());
    } catch (const Error& error) {
        log::error("not reloaded, all stays as it was: {} {}", error.name(), error.message());
        fault = error;
    }
    const std::lock_guard one(reload_mutex_);
    reload_fault_ = fault;
}

std::optional<Error> Services::reload_fault() const {
    const std::lock_guard one(reload_mutex_);
    return reload_fault_;
}

}  // namespace farshore::daemon
