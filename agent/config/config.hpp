#pragma once
// The typed configuration: plain values, no behaviour. load.hpp makes it from a file.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/identifiers.hpp"
#include "protocol/time.hpp"

namespace farshore::config {

enum class Role : std::uint8_t { primary, secondary };

struct Agent {
    StreamName stream;
    AgentName name;
    Role role = Role::primary;
    std::string state;   // directory, absolute
    std::string socket;  // path, absolute
    std::string listen;  // HOST:PORT
};

struct Peer {
    AgentName name;
    std::string address;  // HOST:PORT
};

struct Tls {
    std::string ca, certificate, key;  // paths, absolute
};

struct Signing {
    std::string key, trust;  // paths, absolute
};

struct Store {
    std::string url;  // "file:/absolute" or "s3://BUCKET/PREFIX"
    std::string region, endpoint, ca, object_lock, encryption;
    bool path_style = false;
    Duration upload_interval = Duration::from_ms(10'000);
};

// At most one of share and count is set.
struct DeleteGuard {
    std::optional<double> share;  // 0 to 1
    std::optional<std::uint64_t> count;
};

struct Tree {
    SourceName name;
    std::string path;  // absolute
    std::vector<std::string> exclude, append_only;
    DeleteGuard delete_guard;
    Duration keep_deleted;
    bool keep_replaced = false;
    std::uint64_t keep_limit_bytes = 0;
    bool adopt = false;
    Duration sweep_interval = Duration::from_ms(900'000);      // between two full scans
    Duration scrub_interval = Duration::from_ms(604'800'000);  // every content is read once in it
    Duration unstable_after = Duration::from_ms(60'000);  // a file that never holds still is sent
    double reread_share = 0.1;  // of one core, for large files that keep changing
};

enum class ConflictPolicy : std::uint8_t { quarantine, stop, overwrite };
enum class RowOrdering : std::uint8_t { with_cuts, eager };
enum class LargeObjects : std::uint8_t { carry, refuse };
enum class Recopy : std::uint8_t { automatic, manual };

struct Database {
    SourceName name;
    std::string connection;  // libpq conninfo
    std::vector<std::string> schemas, exclude_tables;
    ConflictPolicy conflict = ConflictPolicy::quarantine;
    std::uint64_t slot_limit_bytes = 0;
    bool adopt = false;
    RowOrdering ordering = RowOrdering::with_cuts;
    LargeObjects large_objects = LargeObjects::carry;
    Recopy recopy = Recopy::automatic;
    std::uint64_t slot_memory_bytes = 256ULL << 20;  // logical_decoding_work_mem of our walsender
    std::vector<std::string> password_command;       // argument vector; prints the password
};

struct Replication {
    Duration mark_interval = Duration::from_ms(1'000);
    Duration min_cut_interval = Duration::from_ms(20);
    int bulk_lanes = 2;
    std::string compression = "auto";         // "auto", "none" or a zstd level
    std::uint64_t bandwidth_limit_bytes = 0;  // a second, for bulk lanes; 0: none
    std::uint64_t memory_limit_bytes = 512ULL << 20;
    std::uint64_t spool_limit_bytes = 50'000'000'000ULL;
};

// Each is one argument vector; empty: nothing is run.
struct Hooks {
    std::vector<std::string> on_promote, on_fence;
};

struct Config {
    std::string file;  // where it came from
    Agent agent;
    std::vector<Peer> peers;
    Tls tls;
    Signing signing;
    Store store;
    std::vector<Tree> trees;
    std::vector<Database> databases;
    Replication replication;
    Duration objective_rpo = Duration::from_ms(30'000);
    Duration verify_interval;  // between two verifications in the background; 0: none
    Hooks hooks;
};

}  // namespace farshore::config
