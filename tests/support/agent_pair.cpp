#include "tests/support/agent_pair.hpp"

#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace farshore::test {

namespace fs = std::filesystem;

namespace {

std::string read_text(const std::string& path) {
    std::ifstream in(path);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

boost::json::value parse_or_null(const Outcome& outcome) {
    if (outcome.status != 0) {
        return nullptr;
    }
    boost::json::error_code failed;
    boost::json::value value = boost::json::parse(outcome.out, failed);
    return failed ? boost::json::value(nullptr) : value;
}

}  // namespace

std::string AgentPair::binary() {
    const char* path = std::getenv("FARSHORE_BINARY");
    if (path == nullptr) {
        throw std::runtime_error("FARSHORE_BINARY is not set: run this through meson test");
    }
    return path;
}

AgentPair::AgentPair(const PairSettings& settings)
    : directory_(temporary_.path() + "/pair"), environment_(settings.environment) {
    std::vector<std::string> init{binary(),      "init",
                                  "--stream",    "demo",
                                  "--out",       directory_,
                                  "--primary",   "east=127.0.0.1:" + std::to_string(free_port()),
                                  "--secondary", "west=127.0.0.1:" + std::to_string(free_port())};
    if (!settings.store.empty()) {
        init.insert(init.end(), {"--store", settings.store});
    }
    for (const auto& tree : settings.trees) {
        fs::create_directories(tree.primary_path);
        fs::create_directories(tree.replica_path);
        init.insert(init.end(), {"--tree", tree.name + "=" + tree.primary_path, "--replica-tree",
                                 tree.name + "=" + tree.replica_path});
    }
    for (const auto& database : settings.databases) {
        init.insert(init.end(),
                    {"--database", database.name + "=" + database.primary_conninfo,
                     "--replica-database", database.name + "=" + database.replica_conninfo});
    }
    const Outcome made = run(init, environment_);
    if (made.status != 0) {
        throw std::runtime_error("farshore init failed: " + made.err + made.out);
    }
    edit_config("east", settings);
    edit_config("west", settings);
}

AgentPair::~AgentPair() = default;

void AgentPair::edit_config(const std::string& name, const PairSettings& settings) const {
    for (const auto& [section, line] : settings.config_lines) {
        set_line(name, section, line);
    }
}

void AgentPair::set_line(const std::string& name, const std::string& section,
                         const std::string& line) const {
    const std::string file = config_file(name);
    std::string text = read_text(file);
    const std::string header = "[" + section + "]\n";
    const std::size_t at = text.find(header);
    const std::string key = line.substr(0, line.find(' '));
    const std::size_t present = text.find("\n" + key + " = ", at);
    if (at == std::string::npos) {
        text += "\n" + header + line + "\n";
    } else if (present != std::string::npos) {
        const std::size_t end = text.find('\n', present + 1);
        text.replace(present + 1, end - present - 1, line);
    } else {
        text.insert(at + header.size(), line + "\n");
    }
    std::ofstream(file) << text;
}

void AgentPair::start(const std::string& name) {
    processes_[name] = std::make_unique<Process>(
        std::vector<std::string>{binary(), "agent", "--config", config_file(name)}, environment_,
        directory_ + "/" + name + ".log");
    // Whoever asks an agent right after its start would ask nobody.
    (void)eventually(
        [&] { return command(name, {"lag"}).status == 0 || !processes_.at(name)->is_running(); });
}

void AgentPair::start_both() {
    start("west");
    start("east");
}

void AgentPair::kill(const std::string& name) {
    processes_.at(name)->signal(SIGKILL);
    (void)processes_.at(name)->wait(std::chrono::seconds(10));
}

int AgentPair::stop(const std::string& name) {
    Process& process = *processes_.at(name);
    process.signal(SIGTERM);
    return process.wait(std::chrono::seconds(20)) ? process.status() : -1;
}

Outcome AgentPair::command(const std::string& name, std::vector<std::string> arguments,
                           std::chrono::seconds timeout) const {
    arguments.insert(arguments.begin(), binary());
    std::map<std::string, std::string> environment = environment_;
    environment["FARSHORE_SOCKET"] = directory_ + "/" + name + "/agent.sock";
    return run(arguments, environment, timeout);
}

boost::json::value AgentPair::lag(const std::string& name) const {
    return parse_or_null(command(name, {"lag", "--json"}));
}

boost::json::value AgentPair::status(const std::string& name) const {
    return parse_or_null(command(name, {"status", "--json"}));
}

Outcome AgentPair::flush(std::chrono::seconds timeout) const {
    if (std::getenv("FARSHORE_SANITIZED") != nullptr) {
        timeout *= 4;  // as the runner's patience: a slow agent is not a stuck one
    }
    return command(
        "east", {"flush", "--until", "applied", "--timeout", std::to_string(timeout.count()) + "s"},
        timeout + std::chrono::seconds(10));
}

Outcome AgentPair::verify(const std::string& name, std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"verify", "--config", config_file(name)});
    return command(name, std::move(arguments), std::chrono::seconds(120));
}

std::string AgentPair::config_file(const std::string& name) const {
    return directory_ + "/" + name + "/farshore.toml";
}

std::string AgentPair::log(const std::string& name) const {
    return read_text(directory_ + "/" + name + ".log");
}

bool eventually(const std::function<bool()>& condition, std::chrono::seconds timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return true;
}

int free_port() {
    const int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (bind(socket_fd, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
        getsockname(socket_fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
        throw std::runtime_error("no free port");
    }
    close(socket_fd);
    return ntohs(address.sin_port);
}

}  // namespace farshore::test
