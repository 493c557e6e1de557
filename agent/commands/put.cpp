#include <fmt/core.h>

#include <filesystem>

#include "agent/commands/command.hpp"
#include "agent/commands/command_line.hpp"
#include "agent/commands/output.hpp"
#include "agent/commands/text_format.hpp"
#include "agent/control/control_client.hpp"
#include "storage/disk/posix_file_system.hpp"

namespace farshore::commands {

namespace {

struct PutOptions {
    std::string socket, file, tree, as;
    Duration timeout = Duration::from_ms(30'000);
};

boost::json::value put(const PutOptions& options) {
    std::error_code failure;
    const auto real = std::filesystem::canonical(options.file, failure);
    if (failure) {
        throw Error(ErrorCode::usage,
                    fmt::format("cannot open {}: {}", options.file, failure.message()));
    }
    storage::PosixFileSystem files;
    const storage::Handle folder = files.open_root(real.parent_path().string());
    const storage::Handle file = files.open_file(folder, real.filename().string());
    const storage::FileStatus status = files.status(file);
    const std::string own_name = std::filesystem::path(options.file).filename().string();

    ProgressLine progress;
    std::uint64_t offset = 0;
    control::Upload upload;
    upload.size = status.size;
    upload.read = [&](std::span<std::byte> into) {
        const std::size_t got = files.read_at(file, offset, into);
        offset += got;
        progress.show("sending", static_cast<double>(offset), static_cast<double>(status.size),
                      "bytes");
        return got;
    };
    const control::Call call{
        .method = "POST",
        .path = "/v1/put",
        .parameters = {{"tree", options.tree},
                       {"path", options.as.empty() ? own_name : options.as},
                       {"mode", fmt::format("{:o}", status.mode & 07777U)},
                       {"mtime", to_evidence_text(status.mtime)},
                       {"timeout", fmt::format("{}ms", options.timeout.nanoseconds / 1'000'000)}},
        .timeout = options.timeout + Duration::from_ms(30'000)};
    return control::ControlClient(options.socket).upload(call, upload);
}

}  // namespace

int run_put(const Arguments& arguments) {
    PutOptions options;
    bool as_json = false;
    CommandLine line("put",
                     "Copies FILE into a tree of the primary, and waits until it is applied on "
                     "every secondary with the same SHA-256.",
                     "farshore put report.pdf --tree uploads --as 2026/report.pdf");
    line.positional("FILE", options.file, "What to copy");
    line.option("--tree", "NAME", options.tree, "Into which tree", CommandLine::Need::required);
    line.option("--as", "PATH", options.as, "Its path in the tree; FILE's own name without");
    line.duration("--timeout", options.timeout, "Give up waiting after this long (exit 1)");
    line.flag("--json", as_json, "Print JSON");
    line.socket(options.socket);
    if (const auto status = line.parse(arguments)) {
        return *status;
    }
    const auto result = put(options);
    if (as_json) {
        print_json(result);
    } else {
        print(fmt::format("{} in tree {}: {}, sha256 {}, applied with mark {}, after {}\n",
                          text(result, "path"), text(result, "tree"),
                          bytes_text(number(result, "size_bytes")), text(result, "sha256"),
                          text(result, "mark"), seconds_text(number(result, "waited_seconds"))));
    }
    return 0;
}

}  // namespace farshore::commands
