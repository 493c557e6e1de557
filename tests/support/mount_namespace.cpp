#include "tests/support/mount_namespace.hpp"

#include <sched.h>
#include <sys/mount.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace farshore::test {

namespace {

void require(int result, const std::string& deed) {
    if (result != 0) {
        throw std::runtime_error(deed + ": " + std::generic_category().message(errno));
    }
}

}  // namespace

bool enter_mount_namespace() {
    static const bool entered = ::unshare(CLONE_NEWNS) == 0 &&
                                ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    return entered;
}

void bind_mount(const std::string& what, const std::string& where) {
    require(::mount(what.c_str(), where.c_str(), nullptr, MS_BIND, nullptr), "bind " + where);
}

void mount_tmpfs(const std::string& where, const std::string& options) {
    require(::mount("tmpfs", where.c_str(), "tmpfs", 0, options.c_str()), "mount " + where);
}

void remount(const std::string& where, const std::string& options) {
    const bool read_only = options == "ro";
    const bool is_size = options.starts_with("size=");
    require(::mount("tmpfs", where.c_str(), "tmpfs",
                    MS_REMOUNT | (read_only ? static_cast<unsigned long>(MS_RDONLY) : 0UL),
                    is_size ? options.c_str() : ""),
            "remount " + where);
}

void unmount(const std::string& where) {
    require(::umount2(where.c_str(), MNT_DETACH), "unmount " + where);
}

}  // namespace farshore::test
