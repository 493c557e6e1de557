#include <fmt/core.h>

#include <boost/json/object.hpp>
#include <filesystem>

#include "agent/commands/command.hpp"
#include "agent/commands/command_line.hpp"
#include "agent/commands/new_files.hpp"
#include "agent/commands/output.hpp"
#include "protocol/signing.hpp"
#include "storage/disk/posix_file_system.hpp"

namespace farshore::commands {

int run_keygen(const Arguments& arguments) {
    std::string out;
    bool as_json = false;
    CommandLine line("keygen",
                     "Makes one more signing key pair: the private key in FILE (mode 0600), the "
                     "public key in FILE.pub.",
                     "farshore keygen --out signing-2.key");
    line.option("--out", "FILE", out, "Where the private key goes; never overwritten",
                CommandLine::Need::required);
    line.flag("--json", as_json, "Print JSON");
    if (const auto status = line.parse(arguments)) {
        return *status;
    }
    const std::string path = std::filesystem::absolute(out).lexically_normal().string();
    const SigningKey key = SigningKey::generate();
    storage::PosixFileSystem files;
    write_new_files(files,
                    {{path, key.to_pem(), 0600}, {path + ".pub", key.public_key().to_pem(), 0644}},
                    0700);
    if (as_json) {
        print_json(boost::json::object{{"key_file", path},
                                       {"public_key_file", path + ".pub"},
                                       {"key", key.public_key().base64()},
                                       {"key_id", key.public_key().key_id()}});
    } else {
        print(fmt::format("{}\n{}.pub\n\nFor the trust file:\n  key = \"{}\"\nKey id: {}\n", path,
                          path, key.public_key().base64(), key.public_key().key_id()));
    }
    return 0;
}

}  // namespace farshore::commands
