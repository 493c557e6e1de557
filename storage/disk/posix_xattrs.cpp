#include "storage/disk/posix_xattrs.hpp"

#include <sys/xattr.h>

#include <cerrno>
#include <optional>
#include <vector>

namespace farshore::storage {

namespace {

bool is_carried(std::string_view name) {
    return name.starts_with("user.") || name.starts_with("trusted.") ||
           name == "security.capability" || name == "system.posix_acl_access" ||
           name == "system.posix_acl_default";
}

// Asks twice: how long, then what; again when it grew in between.
template <typename Ask>
std::optional<std::string> ask_grown(Ask ask) {
    for (;;) {
        const ssize_t length = ask(nullptr, 0);
        if (length <= 0) {  // room for 0 bytes would be the question how long once more
            return length < 0 ? std::nullopt : std::optional<std::string>("");
        }
        std::string text(static_cast<std::size_t>(length), '\0');
        const ssize_t got = ask(text.data(), text.size());
        if (got >= 0) {
            text.resize(static_cast<std::size_t>(got));
            return text;
        }
        if (errno != ERANGE) {
            return std::nullopt;
        }
    }
}

std::vector<std::string> xattr_names(const std::string& thing, std::string_view path) {
    const auto list = ask_grown(
        [&](char* into, std::size_t room) { return ::listxattr(thing.c_str(), into, room); });
    if (!list) {
        if (errno == ENOTSUP) {
            return {};
        }
        throw_errno(errno, "list the xattrs of", path);
    }
    std::vector<std::string> names;
    for (std::size_t begin = 0; begin < list->size();) {
        std::string name(list->c_str() + begin);
        begin += name.size() + 1;
        if (is_carried(name)) {
            names.push_back(std::move(name));
        }
    }
    return names;
}

}  // namespace

bool has_none(const Located& place) {
    const std::string name =
        "/proc/self/fd/" + std::to_string(place.directory()) + "/" + place.name();
    return ::llistxattr(name.c_str(), nullptr, 0) == 0;
}

Xattrs xattrs_of(const Handle& handle, std::string_view path) {
    const std::string thing = proc_name(handle);
    Xattrs xattrs;
    for (std::string& name : xattr_names(thing, path)) {
        auto value = ask_grown([&](char* into, std::size_t room) {
            return ::getxattr(thing.c_str(), name.c_str(), into, room);
        });
        if (value) {
            xattrs.emplace(std::move(name), std::move(*value));
        } else if (errno != ENODATA && errno != EPERM) {  // gone meanwhile, or not for us to see
            throw_errno(errno, "read xattr " + name + " of", path);
        }
    }
    return xattrs;
}

bool replace_xattrs(const Handle& handle, std::string_view path, const Xattrs& xattrs) {
    // Most files have none and shall have none; a handle that was opened for its name only can't
    // be asked so.
    if (xattrs.empty() && ::flistxattr(handle.descriptor(), nullptr, 0) == 0) {
        return true;
    }
    const std::string thing = proc_name(handle);
    const Xattrs before = xattrs_of(handle, path);
    bool all = true;
    const auto check = [&](int result) {
        if (result != 0 && !is_refusal(errno) && errno != ENODATA) {
            throw_errno(errno, "set the xattrs of", path);
        }
        all = all && result == 0;
    };
    for (const auto& [name, value] : before) {
        if (!xattrs.contains(name)) {
            check(::removexattr(thing.c_str(), name.c_str()));
        }
    }
    for (const auto& [name, value] : xattrs) {
        const auto had = before.find(name);
        if (had == before.end() || had->second != value) {
            check(::setxattr(thing.c_str(), name.c_str(), value.data(), value.size(), 0));
        }
    }
    return all;
}

}  // namespace farshore::storage
