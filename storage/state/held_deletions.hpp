#pragma once
// Deletions that a primary holds back until somebody approves them: in batches, by path. The held
// paths stay live in the index, as the secondaries have them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/identifiers.hpp"
#include "protocol/time.hpp"
#include "storage/state/sqlite.hpp"

namespace farshore::storage {

struct HeldBatch {
    std::uint64_t id = 0;  // never given again
    SourceName tree;
    Timestamp since;               // when the first of it was held
    Timestamp latest;              // when the last one joined
    std::uint64_t entries = 0;     // held now
    std::uint64_t of_entries = 0;  // that the tree had then
};

struct HeldPath {
    std::uint64_t batch = 0;
    bool approved = false;  // to be removed by one of the next cuts
};

// Invariants: a path is held once; a batch is there exactly while it holds something. Not
// thread-safe: one for each connection.
class HeldDeletions {
  public:
    explicit HeldDeletions(Database& database);

    // --- within the transaction of a cut
    // They join the newest batch of the tree when it grew within the last minute, else they begin
    // one.
    void hold(const SourceName& tree, const std::vector<std::string>& paths, Timestamp now,
              std::uint64_t of_entries);
    // They came back, or are removed.
    void let_go(const SourceName& tree, const std::vector<std::string>& paths);

    // --- durable when it returns
    // Everything that `batch` holds now may be removed: how many. nullopt: there is no such batch.
    std::optional<std::uint64_t> approve(std::uint64_t batch);

    // Approved one by one, held or not.
    void approve_paths(const SourceName& tree, const std::vector<std::string>& paths);

    // --- what there is. Approved paths are in no batch's `entries`.
    [[nodiscard]] std::vector<HeldBatch> batches();
    [[nodiscard]] std::vector<std::string> paths(std::uint64_t batch, std::size_t most);
    [[nodiscard]] std::optional<HeldPath> find(const SourceName& tree, std::string_view path);
    [[nodiscard]] std::vector<std::string> approved(const SourceName& tree, std::size_t most);
    [[nodiscard]] bool has_any(const SourceName& tree);
    // A live entry of another tree with this inode: the content of what moved there.
    [[nodiscard]] bool is_elsewhere(const SourceName& tree, std::uint64_t filesystem,
                                    std::uint64_t inode, std::string_view sha256);

  private:
    [[nodiscard]] std::uint64_t batch_for(const SourceName& tree, Timestamp now,
                                          std::uint64_t of_entries);

    Database& database_;
    // Asked for each path that goes.
    Statement find_;
    Statement elsewhere_;
};

}  // namespace farshore::storage
