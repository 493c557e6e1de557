#pragma once
// Watcher by inotify: one watch for each directory, and for each single file. A door to the kernel
// of its own.

#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include "agent/primary/files/watcher.hpp"

namespace farshore::primary {

// Invariants: a watch follows its directory, wherever that is moved; its place in the tree is what
// the last watch() for it said. A watch whose place is unknown gives no hints. Memory grows with
// the number of directories, as the kernel's own does (about 1 KiB each there).
class InotifyWatcher final : public Watcher {
  public:
    InotifyWatcher();
    ~InotifyWatcher() override;
    InotifyWatcher(const InotifyWatcher&) = delete;
    InotifyWatcher& operator=(const InotifyWatcher&) = delete;

    WatchOutcome watch(std::string_view path, const storage::Handle& directory) override;
    WatchOutcome watch_file(std::string_view path, const storage::Handle& file) override;
    void drain(const std::function<void(const Hint&)>& each) override;
    void begin_sweep() override;
    void end_sweep() override;
    bool wait(Duration timeout) override;
    void wake() override;

    // For tests: as if the kernel had no more watches to give beyond this many.
    void limit_watches(std::size_t most) { most_watches_ = most; }

  private:
    struct Place {
        int parent = 0;    // watch of the directory that holds it; 0 for the root
        std::string name;  // empty for the root
        std::uint64_t sweep = 0;
    };
    struct Event;

    WatchOutcome add(std::string_view path, const storage::Handle& what, std::uint32_t mask);
    void forget(int watch);
    void take(const Event& event, const std::function<void(const Hint&)>& each);
    void take_named(const Event& event, const std::string& directory,
                    const std::function<void(const Hint&)>& each) const;
    [[nodiscard]] std::optional<std::string> path_of(int watch) const;
    [[nodiscard]] std::optional<int> watch_of(std::string_view path) const;

    storage::Handle queue_;
    storage::Handle waker_;
    storage::Handle waiter_;
    std::size_t most_watches_;
    std::uint64_t sweep_ = 1;
    std::unordered_map<int, Place> places_;
    std::map<std::pair<int, std::string>, int> children_;
};

}  // namespace farshore::primary
