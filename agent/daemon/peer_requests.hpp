#pragma once
// What a secondary asks of its primary: a mark, evidence up to now, digests of a database.

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "agent/daemon/services.hpp"
#include "agent/primary/postgres/verification_snapshot.hpp"
#include "agent/primary/primary.hpp"

namespace farshore::daemon {

// A primary that seals nothing in this time is not well.
inline constexpr Duration publish_timeout = Duration::from_ms(20'000);

// A comparison of one database that is under way. Its snapshot ends with the next one, or with the
// agent. Each has a number: who asks by one that was replaced shall not compare with another.
class VerificationSnapshots {
  public:
    struct Open {
        std::uint64_t number = 0;
        std::unique_ptr<primary::VerificationSnapshot> snapshot;
    };
    std::mutex mutex;
    postgres::WakeEvent stop;
    std::uint64_t last_number = 0;
    std::map<SourceName, Open> open;
};

// Verbs: "flush", "publish", "snapshot_database", "digest_table", "digest_buckets", "read_bucket",
// "close_snapshot". Throws unsupported for any other.
[[nodiscard]] std::string serve_secondary(Services& services, primary::Primary& role,
                                          VerificationSnapshots& snapshots, const std::string& verb,
                                          const std::string& json);

}  // namespace farshore::daemon
