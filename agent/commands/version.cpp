#include <curl/curl.h>
#include <fmt/core.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <zstd.h>

#include <boost/json/object.hpp>
#include <boost/version.hpp>

#include "agent/commands/command.hpp"
#include "agent/commands/command_line.hpp"
#include "agent/commands/output.hpp"

namespace farshore::commands {

int run_version(const Arguments& arguments) {
    bool as_json = false;
    CommandLine line("version", "Version, build and libraries.", "farshore version --json");
    line.flag("--json", as_json, "Print JSON");
    if (const auto status = line.parse(arguments)) {
        return *status;
    }
    const std::string boost = fmt::format("{}.{}.{}", BOOST_VERSION / 100'000,
                                          BOOST_VERSION / 100 % 1'000, BOOST_VERSION % 100);
    const std::string fmt_version =
        fmt::format("{}.{}.{}", FMT_VERSION / 10'000, FMT_VERSION / 100 % 100, FMT_VERSION % 100);
    boost::json::object libraries;
    libraries["Boost"] = boost;
    libraries["OpenSSL"] = ::OpenSSL_version(OPENSSL_VERSION_STRING);
    libraries["SQLite"] = ::sqlite3_libversion();
    libraries["curl"] = ::curl_version_info(CURLVERSION_NOW)->version;
    libraries["fmt"] = fmt_version;
    libraries["zstd"] = ::ZSTD_versionString();
    const std::string compiler = fmt::format("g++ {}, C++{}", __VERSION__, __cplusplus / 100 % 100);
    if (as_json) {
        print_json(boost::json::object{{"version", FARSHORE_VERSION},
                                       {"compiler", compiler},
                                       {"libraries", std::move(libraries)}});
        return 0;
    }
    std::string text = fmt::format("farshore {}\nbuilt with {}\n", FARSHORE_VERSION, compiler);
    for (const auto& [name, value] : libraries) {
        text += fmt::format("  {:<8} {}\n", std::string(name), std::string(value.get_string()));
    }
    print(text);
    return 0;
}

}  // namespace farshore::commands
