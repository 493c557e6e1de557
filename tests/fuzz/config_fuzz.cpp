// The config: whatever the file holds, it is a config that fits together or one BAD_CONFIG error
// that names the file.

#include <cstdint>
#include <string>

#include "agent/config/load.hpp"
#include "protocol/error.hpp"
#include "protocol/limits.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace farshore;
    const std::string file = "/etc/farshore/farshore.toml";
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try {
        const config::Config config = config::parse(text, file);
        FARSHORE_ASSERT(config.file == file);
        FARSHORE_ASSERT(!config.agent.stream.str().empty() && !config.agent.name.str().empty());
        FARSHORE_ASSERT(config.trees.size() + config.databases.size() <= limits::sources);
        FARSHORE_ASSERT(config.replication.mark_interval >= config.replication.min_cut_interval);
    } catch (const Error& error) {
        FARSHORE_ASSERT(error.code() == ErrorCode::bad_config);
        FARSHORE_ASSERT(error.message().find(file) != std::string::npos);
    }
    return 0;
}
