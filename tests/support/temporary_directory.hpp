#pragma once
// A directory that is gone, with all that is in it, when the test is.

#include <string>

namespace farshore::test {

class TemporaryDirectory {
  public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }
    // path() + "/" + name
    [[nodiscard]] std::string operator/(const std::string& name) const {
        return path_ + "/" + name;
    }

  private:
    std::string path_;
};

// The whole of a file; throws std::runtime_error when it can't be read.
[[nodiscard]] std::string read_whole(const std::string& path);
// Makes or replaces a file.
void write_whole(const std::string& path, const std::string& content);

}  // namespace farshore::test
