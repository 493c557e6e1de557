#pragma once
// What the kernel tells of a tree without being asked: paths that may have changed, or "events were
// lost, look at everything".

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "protocol/time.hpp"
#include "storage/disk/file_system.hpp"

namespace farshore::primary {

enum class HintKind : std::uint8_t {
    changed,        // content or metadata
    came,           // something came under this name
    removed,        // the name went away (and may be back by now)
    new_directory,  // a directory came under this name: it has to be watched and listed
    lost,           // some events are missing, or watches are gone; the path is empty
};

struct Hint {
    HintKind kind = HintKind::changed;
    std::string path;  // relative to the root, "." for the root
};

enum class WatchOutcome : std::uint8_t {
    watched,
    limit_reached,  // the kernel's limit of watches (fs.inotify.max_user_watches)
    not_reported,   // a filesystem that does not report what other hosts write
    gone,           // removed meanwhile, or out of reach
};

// A hint is queued before the call that caused it returns to the application. What happens in a
// directory before watch() for it has returned is not told: so watch first, list second.
// All calls but wait() and wake() come from one thread.
class Watcher {
  public:
    virtual ~Watcher() = default;

    // `directory` is the open directory with this path. Watching one again, under its new name,
    // is how a rename of it becomes known.
    virtual WatchOutcome watch(std::string_view path, const storage::Handle& directory) = 0;
    // `file` is the open file with this path, in a watched directory: changes of it are told
    // whatever name they came by. Not after a rename of it; until the end of the next sweep that
    // does not watch it again.
    virtual WatchOutcome watch_file(std::string_view path, const storage::Handle& file) = 0;
    // Hands out what was queued when it was called.
    virtual void drain(const std::function<void(const Hint&)>& each) = 0;

    // Between the two every directory of the tree is watched (again): the rest is let go.
    virtual void begin_sweep() = 0;
    virtual void end_sweep() = 0;

    // Blocks until something was queued since the last call, wake() or the timeout; false: timeout.
    virtual bool wait(Duration timeout) = 0;
    virtual void wake() = 0;
};

}  // namespace farshore::primary
