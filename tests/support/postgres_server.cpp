#include "tests/support/postgres_server.hpp"

#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <thread>

namespace farshore::test {

namespace {

using Clock = std::chrono::steady_clock;

// The server refuses to run as root: then it runs as the system's user "postgres".
const passwd* server_user() {
    return geteuid() == 0 ? getpwnam("postgres") : nullptr;
}

void give_to_server_user(const std::string& path) {
    if (const passwd* user = server_user()) {
        if (chown(path.c_str(), user->pw_uid, user->pw_gid) != 0) {
            throw std::runtime_error("cannot chown " + path);
        }
    }
}

[[noreturn]] void become(const std::vector<std::string>& arguments, const std::string& log_file) {
    const int log = open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
    // A session of its own: kill() reaches the server's children by their process group.
    setsid();
    if (const passwd* user = server_user()) {
        if (initgroups(user->pw_name, user->pw_gid) != 0 || setgid(user->pw_gid) != 0 ||
            setuid(user->pw_uid) != 0) {
            _exit(126);
        }
    }
    // After setuid, which forgets it. SIGQUIT: an immediate shutdown.
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
    if (chdir("/") != 0) {
        _exit(126);
    }
    for (int descriptor = 3; descriptor < 1024; ++descriptor) {
        close(descriptor);
    }
    std::vector<char*> argv;
    for (const std::string& argument : arguments) {
        argv.push_back(const_cast<char*>(argument.c_str()));
    }
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(127);
}

pid_t spawn(const std::vector<std::string>& arguments, const std::string& log_file) {
    const pid_t pid = fork();
    if (pid == 0) {
        become(arguments, log_file);
    }
    if (pid < 0) {
        throw std::runtime_error("cannot fork");
    }
    return pid;
}

struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
    void operator()(PGresult* result) const { PQclear(result); }
};
using ConnectionPointer = std::unique_ptr<PGconn, Finish>;
using ResultPointer = std::unique_ptr<PGresult, Finish>;

std::vector<std::string> rows_of(const PGresult* result) {
    std::vector<std::string> rows;
    for (int row = 0; row < PQntuples(result); ++row) {
        std::string line;
        for (int column = 0; column < PQnfields(result); ++column) {
            line += column > 0 ? "|" : "";
            line +=
                PQgetisnull(result, row, column) != 0 ? "NULL" : PQgetvalue(result, row, column);
        }
        rows.push_back(std::move(line));
    }
    return rows;
}

}  // namespace

std::string postgres_programs() {
    std::string newest;
    int version = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql")) {
        const int number = std::stoi(entry.path().filename().string());
        if (number > version && std::filesystem::exists(entry.path() / "bin/initdb")) {
            version = number;
            newest = entry.path() / "bin";
        }
    }
    if (newest.empty()) {
        throw std::runtime_error("no PostgreSQL server is installed");
    }
    return newest;
}

PostgresServer::PostgresServer(const PostgresSettings& settings)
    : data_(directory_ / "data"),
      socket_directory_(directory_ / "socket"),
      log_file_(directory_ / "log") {
    initialise(settings);
    start();
}

PostgresServer::~PostgresServer() {
    if (pid_ > 0) {
        ::kill(pid_, SIGQUIT);
        if (!wait_for_end(10)) {
            kill();
        }
    }
}

// initdb once in a process: each server begins with a copy of what it made.
const std::string& PostgresServer::fresh_data() {
    static const TemporaryDirectory directory;
    static const std::string data = [] {
        const std::string path = directory / "data";
        const std::string log_file = directory / "log";
        std::filesystem::permissions(directory.path(), std::filesystem::perms(0755));
        std::filesystem::create_directory(path);
        write_whole(log_file, "");
        give_to_server_user(path);
        const pid_t pid = spawn({postgres_programs() + "/initdb", "-D", path, "-N", "-A", "trust",
                                 "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8"},
                                log_file);
        int status = 0;
        if (waitpid(pid, &status, 0) != pid || status != 0) {
            throw std::runtime_error("initdb failed: " + read_whole(log_file));
        }
        return path;
    }();
    return data;
}

void PostgresServer::initialise(const PostgresSettings& settings) {
    std::filesystem::permissions(directory_.path(), std::filesystem::perms(0755));
    std::filesystem::create_directory(socket_directory_);
    write_whole(log_file_, "");
    give_to_server_user(socket_directory_);
    std::filesystem::copy(fresh_data(), data_, std::filesystem::copy_options::recursive);
    give_to_server_user(data_);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(data_)) {
        give_to_server_user(entry.path());
    }
    std::filesystem::permissions(data_, std::filesystem::perms(0700));
    std::ofstream config(data_ + "/postgresql.conf", std::ios::app);
    config << "listen_addresses = ''\nunix_socket_directories = '" << socket_directory_ << "'\n"
           << "wal_level = logical\nmax_replication_slots = 10\nmax_wal_senders = 10\n"
           << "fsync = " << (settings.fsync ? "on" : "off") << "\nmax_connections = 50\n"
           << "shared_buffers = 32MB\nlog_line_prefix = '%m [%p] '\n";
    for (const auto& [name, value] : settings.parameters) {
        config << name << " = '" << value << "'\n";
    }
}

void PostgresServer::start() {
    pid_ = spawn({postgres_programs() + "/postgres", "-D", data_}, log_file_);
    const auto deadline = Clock::now() + std::chrono::seconds(60);
    while (!accepts_connections()) {
        if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
            pid_ = -1;
            throw std::runtime_error("the server did not start: " + log());
        }
        if (Clock::now() > deadline) {
            kill();
            throw std::runtime_error("the server did not start in time: " + log());
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

void PostgresServer::stop() {
    ::kill(pid_, SIGINT);
    if (!wait_for_end(60)) {
        kill();
        throw std::runtime_error("the server did not stop: " + log());
    }
}

void PostgresServer::kill() {
    const pid_t group = pid_;
    ::kill(-group, SIGKILL);
    ::kill(group, SIGKILL);
    (void)wait_for_end(10);
    // Its backends are in process groups of their own and end when they miss the server; a new one
    // can only start when they are gone.
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

bool PostgresServer::wait_for_end(int seconds) {
    const auto deadline = Clock::now() + std::chrono::seconds(seconds);
    while (waitpid(pid_, nullptr, WNOHANG) == 0) {
        if (Clock::now() > deadline) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    pid_ = -1;
    return true;
}

bool PostgresServer::accepts_connections() const {
    return PQping(conninfo("postgres").c_str()) == PQPING_OK;
}

void PostgresServer::create_database(const std::string& name) {
    (void)query("postgres", "CREATE DATABASE \"" + name + "\"");
}

std::string PostgresServer::conninfo(const std::string& database) const {
    return "host=" + socket_directory_ + " user=postgres dbname=" + database;
}

std::vector<std::string> PostgresServer::query(const std::string& database,
                                               const std::string& sql) const {
    const ConnectionPointer connection(PQconnectdb(conninfo(database).c_str()));
    if (PQstatus(connection.get()) != CONNECTION_OK) {
        throw std::runtime_error(PQerrorMessage(connection.get()));
    }
    const ResultPointer result(PQexec(connection.get(), sql.c_str()));
    const ExecStatusType status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY) {
        throw std::runtime_error(PQerrorMessage(connection.get()));
    }
    return rows_of(result.get());
}

std::string PostgresServer::value(const std::string& database, const std::string& sql) const {
    const auto rows = query(database, sql);
    if (rows.size() != 1) {
        throw std::runtime_error(std::to_string(rows.size()) + " rows where one belongs: " + sql);
    }
    return rows.front();
}

std::string PostgresServer::log() const {
    return read_whole(log_file_);
}

}  // namespace farshore::test
