#include "agent/runtime/log.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <memory>

namespace farshore::log {

namespace {

std::atomic<Level> lowest{Level::info};

// The journal says in JOURNAL_STREAM which device and inode its end of standard error has; a
// command that was redirected by hand inherits the variable, but not the file.
bool standard_error_is_journal() {
    const char* named = std::getenv("JOURNAL_STREAM");
    struct stat status {};
    if (named == nullptr || ::fstat(STDERR_FILENO, &status) != 0) {
        return false;
    }
    return fmt::format("{}:{}", status.st_dev, status.st_ino) == named;
}

struct Writer {
    bool journal = standard_error_is_journal();
    std::shared_ptr<spdlog::logger> logger;

    Writer() {
        auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
        const char* pattern = journal ? "%v" : "%Y-%m-%dT%H:%M:%S.%fZ %v";
        sink->set_formatter(
            std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc));
        logger = std::make_shared<spdlog::logger>("farshore", std::move(sink));
        logger->set_level(spdlog::level::trace);
        logger->flush_on(spdlog::level::trace);
    }
};

Writer& writer() {
    static Writer one;
    return one;
}

struct LevelWords {
    std::string_view journal, plain;
};
constexpr std::array<LevelWords, 4> words{
    {{"<7>", "debug   "}, {"<6>", "info    "}, {"<4>", "warning "}, {"<3>", "error   "}}};

}  // namespace

void set_level(Level level) {
    lowest.store(level, std::memory_order_relaxed);
}

bool is_enabled(Level level) {
    return level != Level::off && level >= lowest.load(std::memory_order_relaxed);
}

std::string visible(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) {
            result += fmt::format("\\x{:02x}", byte);
        } else {
            result.push_back(c);
        }
    }
    return result;
}

void write(Level level, std::string_view text) {
    if (!is_enabled(level)) {
        return;
    }
    Writer& to = writer();
    const LevelWords& word = words[static_cast<std::size_t>(level)];
    to.logger->info("{}{}", to.journal ? word.journal : word.plain, visible(text));
}

}  // namespace farshore::log
