#include "agent/runtime/tree_rights.hpp"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

namespace farshore::runtime {

namespace {

struct Right {
    int capability;
    const char* name;
    const char* what;
};

constexpr std::array<Right, 1> to_see{{{CAP_SYS_ADMIN, "CAP_SYS_ADMIN", "xattrs trusted.*"}}};

constexpr std::array<Right, 6> to_keep{
    {{CAP_CHOWN, "CAP_CHOWN", "owners and groups other than the agent's own"},
     {CAP_FOWNER, "CAP_FOWNER", "modes and times of what belongs to others"},
     {CAP_DAC_OVERRIDE, "CAP_DAC_OVERRIDE", "entries of directories that shut their own user out"},
     {CAP_MKNOD, "CAP_MKNOD", "devices"},
     {CAP_SETFCAP, "CAP_SETFCAP", "xattr security.capability"},
     {CAP_SYS_ADMIN, "CAP_SYS_ADMIN", "xattrs trusted.*"}}};

template <std::size_t N>
std::vector<LackingRight> lacking(const std::array<Right, N>& rights, std::uint64_t capabilities) {
    std::vector<LackingRight> all;
    for (const Right& right : rights) {
        if ((capabilities >> right.capability & 1) == 0) {
            all.push_back(
                {right.what, std::string("the agent has no ") + right.name + " on this host"});
        }
    }
    return all;
}

}  // namespace

std::uint64_t own_capabilities() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
    if (::syscall(SYS_capget, &header, sets.data()) != 0) {
        return 0;  // nothing is claimed that isn't known
    }
    return std::uint64_t{sets[1].effective} << 32 | sets[0].effective;
}

std::vector<LackingRight> unseen_without_rights(std::uint64_t capabilities) {
    return lacking(to_see, capabilities);
}

std::vector<LackingRight> unkept_without_rights(std::uint64_t capabilities) {
    return lacking(to_keep, capabilities);
}

}  // namespace farshore::runtime
