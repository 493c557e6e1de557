#include "storage/disk/posix_path.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace farshore::storage {

namespace {

// The kernel takes 4095 bytes at once; some room is left for nothing in particular.
constexpr std::size_t step_bytes = 4000;

ErrorCode code_of(int cause) {
    switch (cause) {
        case ENOENT:
        case ENOTDIR:
            return ErrorCode::not_found;
        case EEXIST:
            return ErrorCode::already_exists;
        case ENOSPC:
        case EDQUOT:
            return ErrorCode::disk_full;
        case ELOOP:
            return ErrorCode::unsafe_path;
        default:
            return ErrorCode::io;
    }
}

void require_plain(std::string_view path, std::string_view deed) {
    if (path == ".") {
        return;
    }
    bool plain = !path.empty() && path.find('\0') == std::string_view::npos;
    for (std::size_t begin = 0; plain && begin <= path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const std::string_view component = path.substr(begin, end - begin);
        plain = !component.empty() && component != "." && component != "..";
        begin = end + 1;
    }
    if (!plain) {
        throw Error(ErrorCode::unsafe_path, "cannot " + std::string(deed) + " " +
                                                std::string(path) +
                                                ": not a plain path beneath its directory");
    }
}

int open_step(int at, const std::string& path, int flags, std::uint32_t mode) {
    open_how how{};
    // Without O_NOFOLLOW a directory that is a link is ELOOP; with it, ENOTDIR.
    const int no_follow = (flags & O_DIRECTORY) != 0 ? 0 : O_NOFOLLOW;
    how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC | no_follow);
    how.mode = (flags & O_CREAT) != 0 ? mode : 0;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    long descriptor = -1;
    do {
        descriptor = ::syscall(SYS_openat2, at, path.c_str(), &how, sizeof(how));
    } while (descriptor < 0 && (errno == EINTR || errno == EAGAIN));
    return static_cast<int>(descriptor);
}

// Opens the directories in front until what is left of `path` is short enough for one call.
// Returns the last of them, not open when none was needed.
Handle shorten(int at, std::string_view& path, std::string_view deed) {
    Handle reached;
    while (path.size() > step_bytes) {
        const std::size_t cut = path.rfind('/', step_bytes);
        if (cut == std::string_view::npos) {
            throw_errno(ENAMETOOLONG, deed, path);
        }
        const int from = reached.is_open() ? reached.descriptor() : at;
        Handle next(open_step(from, std::string(path.substr(0, cut)), O_PATH | O_DIRECTORY, 0));
        if (!next.is_open()) {
            throw_errno(errno == EXDEV ? ELOOP : errno, deed, path);
        }
        reached = std::move(next);
        path.remove_prefix(cut + 1);
    }
    return reached;
}

}  // namespace

void throw_errno(int cause, std::string_view deed, std::string_view path) {
    throw Error(code_of(cause), "cannot " + std::string(deed) + " " + std::string(path) + ": " +
                                    std::generic_category().message(cause));
}

bool is_refusal(int cause) {
    return cause == EPERM || cause == EACCES || cause == ENOTSUP || cause == EINVAL;
}

Located::Located(const Handle& at, std::string_view path, std::string_view deed)
    : directory_(at.descriptor()) {
    require_plain(path, deed);
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) {
        name_ = path;
        return;
    }
    name_ = path.substr(slash + 1);
    walked_ = Handle(open_beneath(at, path.substr(0, slash), O_PATH | O_DIRECTORY, 0, deed));
    if (!walked_.is_open()) {
        throw_errno(errno, deed, path);
    }
    directory_ = walked_.descriptor();
}

int open_beneath(const Handle& at, std::string_view path, int flags, std::uint32_t mode,
                 std::string_view deed) {
    require_plain(path, deed);
    std::string_view rest = path;
    const Handle reached = shorten(at.descriptor(), rest, deed);
    const int from = reached.is_open() ? reached.descriptor() : at.descriptor();
    const int descriptor = open_step(from, std::string(rest), flags, mode);
    if (descriptor < 0 && errno == EXDEV) {
        errno = ELOOP;  // the kernel's word for a path that leaves its directory
    }
    return descriptor;
}

Handle open_thing(const Handle& at, std::string_view path, std::string_view deed) {
    Handle thing(open_beneath(at, path, O_PATH, 0, deed));
    if (!thing.is_open()) {
        throw_errno(errno, deed, path);
    }
    return thing;
}

std::string proc_name(const Handle& thing) {
    return "/proc/self/fd/" + std::to_string(thing.descriptor());
}

}  // namespace farshore::storage
