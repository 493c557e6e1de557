#pragma once
// The end-to-end harness: what an operator would type. `farshore init`, two agents as real
// processes, and the commands against their sockets.

#include <boost/json.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/process.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::test {

struct PairSettings {
    struct Tree {
        std::string name;
        std::string primary_path;  // made when missing
        std::string replica_path;  // made when missing
    };
    struct Database {
        std::string name;
        std::string primary_conninfo;
        std::string replica_conninfo;
    };
    std::vector<Tree> trees;
    std::vector<Database> databases;
    std::string store;  // empty: init's default, a directory
    // Lines put into the section of both agents' configs: {"replication", "mark_interval =
    // \"1s\""}.
    std::vector<std::pair<std::string, std::string>> config_lines;
    std::map<std::string, std::string> environment;
};

// Agents "east" (primary) and "west" (secondary) of stream "demo" on loopback.
class AgentPair {
  public:
    explicit AgentPair(const PairSettings& settings);
    ~AgentPair();
    AgentPair(const AgentPair&) = delete;
    AgentPair& operator=(const AgentPair&) = delete;

    void start(const std::string& name);
    void start_both();
    void kill(const std::string& name);  // -9
    // SIGTERM; the exit status.
    int stop(const std::string& name);
    [[nodiscard]] Process& process(const std::string& name) { return *processes_.at(name); }

    // A command against the socket of agent `name`, by the real binary.
    [[nodiscard]] Outcome command(const std::string& name, std::vector<std::string> arguments,
                                  std::chrono::seconds timeout = std::chrono::seconds(60)) const;
    // `lag --json`, `status --json` of that agent; null when it does not answer.
    [[nodiscard]] boost::json::value lag(const std::string& name) const;
    [[nodiscard]] boost::json::value status(const std::string& name) const;
    // `flush --until applied` on the primary; its standard error when it failed.
    [[nodiscard]] Outcome flush(std::chrono::seconds timeout = std::chrono::seconds(60)) const;
    [[nodiscard]] Outcome verify(const std::string& name,
                                 std::vector<std::string> arguments = {}) const;

    [[nodiscard]] const std::string& directory() const { return directory_; }
    // Puts `line` into the section of that agent's config: for its next start.
    void set_line(const std::string& name, const std::string& section,
                  const std::string& line) const;
    [[nodiscard]] std::string config_file(const std::string& name) const;
    [[nodiscard]] std::string log(const std::string& name) const;
    [[nodiscard]] static std::string binary();

  private:
    void edit_config(const std::string& name, const PairSettings& settings) const;

    TemporaryDirectory temporary_;
    std::string directory_;  // DIR of init
    std::map<std::string, std::string> environment_;
    std::map<std::string, std::unique_ptr<Process>> processes_;
};

// Asks `condition` again and again until it is true or `timeout` has passed.
[[nodiscard]] bool eventually(const std::function<bool()>& condition,
                              std::chrono::seconds timeout = std::chrono::seconds(30));

// A TCP port on loopback that nobody listened on a moment ago.
[[nodiscard]] int free_port();

}  // namespace farshore::test
