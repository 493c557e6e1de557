#pragma once
// The paths that have to be looked at, and which of them may be removed by the cut being taken.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "protocol/time.hpp"

namespace farshore::primary {

// A cut removes only what was gone before L was read (DESIGN, "Cutting"): a path whose removal
// was seen in its first drain, or that an earlier capture had found absent.
enum class Removal : std::uint8_t { not_seen, next_cut, this_cut };

struct DirtyPath {
    Removal removal = Removal::not_seen;
    bool came_back = false;   // there again since that removal
    bool before_t = false;    // dirty before this cut's first drain ended
    bool distrusted = false;  // to be read whatever its times say
    Timestamp since;          // when it was noticed
    BootTime noticed;         // when the cut's drain began that noticed it: it changed after the
                              // last drain before that

    // Absent now, it was let go before L.
    [[nodiscard]] bool may_go() const { return removal == Removal::this_cut && !came_back; }
};

// Invariants: never more than `most` paths: one more empties it and sets is_full(), and then only
// a full scan tells what has changed. Not thread-safe.
class DirtySet {
  public:
    enum class Drain : std::uint8_t { first, second };

    explicit DirtySet(std::size_t most) : most_(most) {}

    // Begins a cut: everything that is in the set belongs to its first drain, which begins `now`.
    void begin_cut(BootTime now);
    void changed(const std::string& path, Drain drain, Timestamp now);
    // The same, and the name is there: what was removed before is not what goes next.
    void came(const std::string& path, Drain drain, Timestamp now);
    // As changed(), and its content is not what the index has although its times are.
    void distrust(const std::string& path, Timestamp now);
    void removed(const std::string& path, Drain drain, Timestamp now);
    // Found absent by a capture that must not remove it: the next one may.
    void found_absent(const std::string& path, Timestamp now);
    // Taken out and not finished: as dirty as it was, since as long as it was.
    void put_back(const std::string& path, Timestamp since, BootTime noticed);
    void take_out(const std::string& path) { paths_.erase(path); }

    [[nodiscard]] const std::map<std::string, DirtyPath>& paths() const { return paths_; }
    [[nodiscard]] DirtyPath find(const std::string& path) const;
    [[nodiscard]] bool is_full() const { return full_; }
    // A full scan has begun: it finds what the set had to let go.
    void accept_again() { full_ = false; }

  private:
    DirtyPath* slot(const std::string& path, Drain drain, Timestamp now);

    std::size_t most_;
    std::map<std::string, DirtyPath> paths_;
    bool full_ = false;
    BootTime began_;  // the running cut's drain
};

}  // namespace farshore::primary
