#include "agent/primary/files/inotify_watcher.hpp"

#include <linux/magic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <system_error>
#include <vector>

#include "protocol/error.hpp"
#include "protocol/limits.hpp"
#include "storage/disk/tree_paths.hpp"

namespace farshore::primary {

namespace {

constexpr std::uint32_t events_of_interest = IN_CREATE | IN_DELETE | IN_MODIFY | IN_CLOSE_WRITE |
                                             IN_ATTRIB | IN_MOVED_FROM | IN_MOVED_TO |
                                             IN_DELETE_SELF | IN_MOVE_SELF;
constexpr std::uint32_t watch_flags = IN_ONLYDIR | IN_EXCL_UNLINK;
constexpr std::uint32_t events_of_files = IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_MOVE_SELF;

[[noreturn]] void throw_errno(const std::string& deed) {
    const int cause = errno;
    throw Error(ErrorCode::io, "cannot " + deed + ": " + std::generic_category().message(cause));
}

storage::Handle opened(int descriptor, const std::string& deed) {
    if (descriptor < 0) {
        throw_errno(deed);
    }
    return storage::Handle(descriptor);
}

// What other hosts (or a process of this one, behind FUSE) write there, nobody reports.
bool is_reporting(int directory) {
    struct statfs figures {};
    if (::fstatfs(directory, &figures) != 0) {
        return true;
    }
    constexpr std::array<std::uint32_t, 12> silent{
        NFS_SUPER_MAGIC,         SMB_SUPER_MAGIC,       CIFS_SUPER_MAGIC,
        SMB2_SUPER_MAGIC,        FUSE_SUPER_MAGIC,      V9FS_MAGIC,
        CEPH_SUPER_MAGIC,        AFS_SUPER_MAGIC,       CODA_SUPER_MAGIC,
        0x0BD00BD0 /* Lustre */, 0x47504653 /* GPFS */, 0x01161970 /* GFS2 */};
    return std::find(silent.begin(), silent.end(), static_cast<std::uint32_t>(figures.f_type)) ==
           silent.end();
}

void wait_on(const storage::Handle& waiter, const storage::Handle& what) {
    // Edge-triggered: a wait ends for what came since the last one, not for what is not drained.
    struct epoll_event wanted {};
    wanted.events = EPOLLIN | EPOLLET;
    if (::epoll_ctl(waiter.descriptor(), EPOLL_CTL_ADD, what.descriptor(), &wanted) != 0) {
        throw_errno("wait for file events");
    }
}

}  // namespace

struct InotifyWatcher::Event {
    int watch = 0;
    std::uint32_t mask = 0;
    std::string_view name;
};

InotifyWatcher::InotifyWatcher()
    : queue_(opened(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC),
                    "watch files (fs.inotify.max_user_instances)")),
      waker_(opened(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "make an event")),
      waiter_(opened(::epoll_create1(EPOLL_CLOEXEC), "wait for file events")),
      most_watches_(std::numeric_limits<std::size_t>::max()) {
    wait_on(waiter_, queue_);
    wait_on(waiter_, waker_);
}

InotifyWatcher::~InotifyWatcher() = default;

WatchOutcome InotifyWatcher::watch(std::string_view path, const storage::Handle& directory) {
    return add(path, directory, events_of_interest | watch_flags);
}

WatchOutcome InotifyWatcher::watch_file(std::string_view path, const storage::Handle& file) {
    return add(path, file, events_of_files);
}

WatchOutcome InotifyWatcher::add(std::string_view path, const storage::Handle& what,
                                 std::uint32_t mask) {
    if (!is_reporting(what.descriptor())) {
        return WatchOutcome::not_reported;
    }
    // By what is open, so that no name can lead elsewhere meanwhile.
    const std::string name = "/proc/self/fd/" + std::to_string(what.descriptor());
    const int watch = ::inotify_add_watch(queue_.descriptor(), name.c_str(), mask);
    if (watch < 0) {
        return errno == ENOSPC || errno == ENOMEM ? WatchOutcome::limit_reached
                                                  : WatchOutcome::gone;
    }
    if (places_.size() >= most_watches_ && !places_.contains(watch)) {
        ::inotify_rm_watch(queue_.descriptor(), watch);
        return WatchOutcome::limit_reached;
    }
    Place place{.parent = 0, .name = "", .sweep = sweep_};
    if (path != ".") {
        const std::string_view parent = parent_path(path);
        const auto above = watch_of(parent);
        if (!above) {
            // Its parent is not watched (limit): hints would have no path.
            ::inotify_rm_watch(queue_.descriptor(), watch);
            return WatchOutcome::limit_reached;
        }
        place.parent = *above;
        place.name = path.substr(parent == "." ? 0 : parent.size() + 1);
    }
    const auto known = places_.find(watch);
    if (known != places_.end()) {
        const auto old = children_.find({known->second.parent, known->second.name});
        if (old != children_.end() && old->second == watch) {
            children_.erase(old);
        }
    }
    children_[{place.parent, place.name}] = watch;
    places_[watch] = std::move(place);
    return WatchOutcome::watched;
}

std::optional<int> InotifyWatcher::watch_of(std::string_view path) const {
    auto place = children_.find({0, ""});
    for (std::size_t begin = 0; place != children_.end() && path != "." && begin <= path.size();) {
        const std::size_t slash = std::min(path.find('/', begin), path.size());
        place = children_.find({place->second, std::string(path.substr(begin, slash - begin))});
        begin = slash + 1;
    }
    return place == children_.end() ? std::nullopt : std::optional(place->second);
}

std::optional<std::string> InotifyWatcher::path_of(int watch) const {
    std::vector<const std::string*> names;
    for (;;) {
        const auto place = places_.find(watch);
        // A chain longer than any path is a loop that two moves have left until the next look.
        if (place == places_.end() || names.size() > limits::path) {
            return std::nullopt;
        }
        if (place->second.name.empty()) {
            break;
        }
        names.push_back(&place->second.name);
        watch = place->second.parent;
    }
    std::string path;
    for (auto name = names.rbegin(); name != names.rend(); ++name) {
        path += (path.empty() ? "" : "/") + **name;
    }
    return path.empty() ? "." : path;
}

void InotifyWatcher::drain(const std::function<void(const Hint&)>& each) {
    int queued = 0;
    if (::ioctl(queue_.descriptor(), FIONREAD, &queued) != 0) {
        throw_errno("read file events");
    }
    alignas(struct inotify_event) std::array<char, 64UL * 1024> buffer;
    for (std::int64_t left = queued; left > 0;) {
        const ssize_t got = ::read(queue_.descriptor(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 && errno == EAGAIN) {
            return;
        }
        if (got <= 0) {
            throw_errno("read file events");
        }
        for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
            struct inotify_event header {};
            std::memcpy(&header, buffer.data() + at, sizeof header);
            const char* name = buffer.data() + at + sizeof header;
            take({.watch = header.wd,
                  .mask = header.mask,
                  .name = std::string_view(name, ::strnlen(name, header.len))},
                 each);
            at += sizeof header + header.len;
        }
        left -= got;
    }
}

void InotifyWatcher::take(const Event& event, const std::function<void(const Hint&)>& each) {
    // With a volume all its watches go, and it may be mounted again before anybody looks.
    if ((event.mask & (IN_Q_OVERFLOW | IN_UNMOUNT)) != 0) {
        each({HintKind::lost, ""});
    }
    const auto directory = path_of(event.watch);
    if ((event.mask & IN_IGNORED) != 0) {
        forget(event.watch);  // it is gone: so is the kernel's watch
        return;
    }
    if (!directory) {
        return;
    }
    if (event.name.empty()) {
        each({HintKind::changed, *directory});
        return;
    }
    take_named(event, *directory, each);
}

void InotifyWatcher::forget(int watch) {
    const auto place = places_.find(watch);
    if (place == places_.end()) {
        return;
    }
    const auto named = children_.find({place->second.parent, place->second.name});
    if (named != children_.end() && named->second == watch) {
        children_.erase(named);
    }
    places_.erase(place);
}

void InotifyWatcher::take_named(const Event& event, const std::string& directory,
                                const std::function<void(const Hint&)>& each) const {
    std::string path(event.name);
    if (directory != ".") {
        path.insert(0, directory + "/");
    }
    if (storage::tree_paths::is_ours(path)) {
        return;
    }
    const bool came = (event.mask & (IN_CREATE | IN_MOVED_TO)) != 0;
    const bool went = (event.mask & (IN_DELETE | IN_MOVED_FROM)) != 0;
    if (came || went) {
        each({HintKind::changed, directory});  // its own times
    }
    each({went ? HintKind::removed : came ? HintKind::came : HintKind::changed, path});
    if (came && (event.mask & IN_ISDIR) != 0) {
        each({HintKind::new_directory, path});
    }
}

void InotifyWatcher::begin_sweep() {
    sweep_ += 1;
}

void InotifyWatcher::end_sweep() {
    std::vector<int> stale;  // moved out of the tree, or out of reach
    for (const auto& [watch, place] : places_) {
        if (place.sweep != sweep_) {
            stale.push_back(watch);
        }
    }
    for (const int watch : stale) {
        ::inotify_rm_watch(queue_.descriptor(), watch);
        forget(watch);
    }
}

bool InotifyWatcher::wait(Duration timeout) {
    struct epoll_event ready {};
    const std::int64_t ms = std::clamp<std::int64_t>(timeout.nanoseconds / 1'000'000, 0,
                                                     std::numeric_limits<int>::max());
    return ::epoll_wait(waiter_.descriptor(), &ready, 1, static_cast<int>(ms)) > 0;
}

void InotifyWatcher::wake() {
    const std::uint64_t one = 1;
    // Refused only when the count is full: then the wait ends anyway.
    [[maybe_unused]] const ssize_t written = ::write(waker_.descriptor(), &one, sizeof one);
}

}  // namespace farshore::primary
