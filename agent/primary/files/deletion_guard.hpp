#pragma once
// How many deletions are too many at once: `delete_guard` of a tree.

#include <cstdint>
#include <deque>
#include <optional>

#include "agent/config/config.hpp"
#include "protocol/time.hpp"

namespace farshore::primary {

// A batch is what is deleted within a minute (while a full scan runs: since it began), whatever
// cuts it falls into. More than a handful at once waits until no more comes, a few seconds at most:
// so a batch is judged as a whole, and what is too much is held before the first of it is gone.
// Pure; not thread-safe. One judge() a cut, when there is something to judge.
class DeletionGuard {
  public:
    enum class Verdict : std::uint8_t { pass, wait, hold };

    explicit DeletionGuard(const config::DeleteGuard& limit) : limit_(limit) {}

    // While something waits it is not judged at each cut: looking costs. `waiting`: paths.
    [[nodiscard]] bool is_due(std::uint64_t waiting, BootTime now) const;
    // `deletions`: all that this cut would do, with those that waited; `entries`: of the tree now.
    [[nodiscard]] Verdict judge(std::uint64_t deletions, std::uint64_t entries, BootTime now);
    // Whether so many are too many of a tree with so many entries.
    [[nodiscard]] bool is_too_much(std::uint64_t deletions, std::uint64_t entries) const;

    // A full scan is under way: it finds a batch piece by piece.
    void set_scanning(bool scanning) { scanning_ = scanning; }
    // Somebody has approved: what was before counts no more.
    void forget();

  private:
    struct Counted {
        BootTime at;
        std::uint64_t deletions = 0;
        bool passed = false;  // else held: still among the tree's entries
    };

    void expire(BootTime now);
    [[nodiscard]] std::uint64_t counted_recently(BootTime now) const;
    [[nodiscard]] bool waits(std::uint64_t deletions, bool too_much, BootTime now);

    config::DeleteGuard limit_;
    std::deque<Counted> window_;
    bool scanning_ = false;
    std::optional<BootTime> waiting_since_;
    BootTime grown_at_;
    std::uint64_t waiting_ = 0;
    std::optional<BootTime> judged_at_;
    std::optional<BootTime> free_until_;
};

}  // namespace farshore::primary
