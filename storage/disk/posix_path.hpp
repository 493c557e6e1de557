#pragma once
// How a relative path of any length is turned into a handle without ever following a symbolic link
// or leaving the directory it begins at. For posix_file_system.cpp alone.

#include <string>
#include <string_view>

#include "storage/disk/file_system.hpp"

namespace farshore::storage {

// Throws the Error that `cause` (an errno) stands for; the message reads "cannot DEED PATH: CAUSE".
[[noreturn]] void throw_errno(int cause, std::string_view deed, std::string_view path);

// True for the causes by which the kernel says that this process may not, or the filesystem can't.
[[nodiscard]] bool is_refusal(int cause);

// A directory and one component in it. `directory` borrows from the starting handle when the path
// has one component only.
class Located {
  public:
    // `path` is "." or relative, without empty, "." and ".." components; throws unsafe_path else.
    Located(const Handle& at, std::string_view path, std::string_view deed);

    [[nodiscard]] int directory() const { return directory_; }
    [[nodiscard]] const char* name() const { return name_.c_str(); }  // "." for the handle itself

  private:
    Handle walked_;
    int directory_;
    std::string name_;
};

// open(2) of `path` beneath `at`; returns the descriptor, or -1 with errno set.
[[nodiscard]] int open_beneath(const Handle& at, std::string_view path, int flags,
                               std::uint32_t mode, std::string_view deed);
// The thing itself, whatever its type, links not followed (O_PATH).
[[nodiscard]] Handle open_thing(const Handle& at, std::string_view path, std::string_view deed);
// A name of the thing behind an O_PATH handle, for the calls that want a path.
[[nodiscard]] std::string proc_name(const Handle& thing);

}  // namespace farshore::storage
