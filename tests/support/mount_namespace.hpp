#pragma once
// Mounts that only this process and its children see.

#include <string>

namespace farshore::test {

// False where this user may not: skip the test, and say so.
[[nodiscard]] bool enter_mount_namespace();

// Throw std::runtime_error. The mount points must be there.
void bind_mount(const std::string& what, const std::string& where);
void mount_tmpfs(const std::string& where, const std::string& options);
// Of a tmpfs: "ro", "rw", "size=8m".
void remount(const std::string& where, const std::string& options);
void unmount(const std::string& where);

}  // namespace farshore::test
