#pragma once
// A real PostgreSQL server in a temporary directory: unix socket only, never as root, gone with the
// object.

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.hpp"

namespace farshore::test {

struct PostgresSettings {
    bool fsync = false;
    // Written into postgresql.conf after ours (wal_level = logical, 10 slots, 10 senders).
    std::map<std::string, std::string> parameters;
};

class PostgresServer {
  public:
    // initdb and start(). Throws std::runtime_error with the server's log.
    explicit PostgresServer(const PostgresSettings& settings = {});
    ~PostgresServer();
    PostgresServer(const PostgresServer&) = delete;
    PostgresServer& operator=(const PostgresServer&) = delete;

    // Waits until it accepts connections.
    void start();
    // A fast shutdown; waits.
    void stop();
    // kill -9 of the server and all its children; waits.
    void kill();
    [[nodiscard]] bool is_running() const { return pid_ > 0; }

    void create_database(const std::string& name);
    // For the superuser "postgres".
    [[nodiscard]] std::string conninfo(const std::string& database) const;
    // One or more statements; the rows of the last one, columns joined by '|', NULL as "NULL".
    // Throws std::runtime_error with the server's message.
    std::vector<std::string> query(const std::string& database, const std::string& sql) const;
    // The single value of a query.
    [[nodiscard]] std::string value(const std::string& database, const std::string& sql) const;
    [[nodiscard]] std::string log() const;
    [[nodiscard]] const std::string& socket_directory() const { return socket_directory_; }

  private:
    [[nodiscard]] static const std::string& fresh_data();
    void initialise(const PostgresSettings& settings);
    [[nodiscard]] bool accepts_connections() const;
    bool wait_for_end(int seconds);

    TemporaryDirectory directory_;
    std::string data_;
    std::string socket_directory_;
    std::string log_file_;
    pid_t pid_ = -1;
};

// Where the server's programs are: "/usr/lib/postgresql/15/bin".
[[nodiscard]] std::string postgres_programs();

}  // namespace farshore::test
