#include "agent/commands/new_files.hpp"

#include <fmt/core.h>

#include <filesystem>
#include <optional>

#include "protocol/error.hpp"

namespace farshore::commands {

namespace {

namespace fs = std::filesystem;

// Remembers what was made, to take it back.
class Maker {
  public:
    explicit Maker(storage::FileSystem& files) : files_(files) {}

    void make_folder(const fs::path& folder, std::uint32_t mode) {
        if (fs::is_directory(folder)) {
            return;
        }
        make_folder(folder.parent_path(), 0755);
        const storage::Handle parent = files_.open_root(folder.parent_path().string());
        files_.make_directory(parent, folder.filename().string(), mode);
        folders_.push_back(folder);
        files_.sync_file(parent);
    }

    void make_file(const NewFile& wanted) {
        const fs::path path(wanted.path);
        const std::string name = path.filename().string();
        const storage::Handle folder = files_.open_root(path.parent_path().string());
        const storage::Handle file = files_.create_file(folder, name);
        made_.push_back(path);
        files_.write_at(file, 0, std::as_bytes(std::span(wanted.content)));
        files_.set_mode(folder, name, wanted.mode);
        files_.sync_file(file);
        files_.sync_file(folder);
    }

    void take_back() {
        for (const fs::path& path : made_) {
            const storage::Handle folder = files_.open_root(path.parent_path().string());
            files_.unlink(folder, path.filename().string());
        }
        for (auto it = folders_.rbegin(); it != folders_.rend(); ++it) {
            const storage::Handle parent = files_.open_root(it->parent_path().string());
            files_.remove_directory(parent, it->filename().string());
        }
    }

  private:
    storage::FileSystem& files_;
    std::vector<fs::path> made_, folders_;
};

}  // namespace

void write_new_files(storage::FileSystem& files, const std::vector<NewFile>& wanted,
                     std::uint32_t folder_mode) {
    for (const NewFile& file : wanted) {
        if (fs::symlink_status(file.path).type() != fs::file_type::not_found) {
            throw Error(ErrorCode::already_exists,
                        fmt::format("{} is there already; nothing was written", file.path));
        }
    }
    Maker maker(files);
    try {
        for (const NewFile& file : wanted) {
            maker.make_folder(fs::path(file.path).parent_path(), folder_mode);
            maker.make_file(file);
        }
    } catch (const Error&) {
        maker.take_back();
        throw;
    }
}

}  // namespace farshore::commands
