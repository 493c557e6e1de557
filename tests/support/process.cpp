#include "tests/support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace farshore::test {

namespace {

using Clock = std::chrono::steady_clock;

int exit_status(int wait_status) {
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

// The child's half: never returns.
[[noreturn]] void become(const std::vector<std::string>& arguments,
                         const std::map<std::string, std::string>& environment, int out, int err) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    dup2(null, STDIN_FILENO);
    for (const auto& [name, value] : environment) {
        setenv(name.c_str(), value.c_str(), 1);
    }
    std::vector<char*> argv;
    for (const std::string& argument : arguments) {
        argv.push_back(const_cast<char*>(argument.c_str()));
    }
    argv.push_back(nullptr);
    execvp(argv[0], argv.data());
    _exit(127);
}

// Reads both pipes to their ends, or until `deadline`; false when that passed.
bool drain(int out, int err, Outcome& outcome, Clock::time_point deadline) {
    std::array<pollfd, 2> polls{pollfd{out, POLLIN, 0}, pollfd{err, POLLIN, 0}};
    std::array<std::string*, 2> targets{&outcome.out, &outcome.err};
    std::array<char, 65536> buffer{};
    while (polls[0].fd >= 0 || polls[1].fd >= 0) {
        if (Clock::now() > deadline) {
            return false;
        }
        poll(polls.data(), polls.size(), 100);
        for (std::size_t i = 0; i < polls.size(); ++i) {
            if (polls[i].fd < 0 || polls[i].revents == 0) {
                continue;
            }
            const ssize_t count = read(polls[i].fd, buffer.data(), buffer.size());
            if (count <= 0) {
                polls[i].fd = -1;
            } else {
                targets[i]->append(buffer.data(), static_cast<std::size_t>(count));
            }
        }
    }
    return true;
}

std::size_t status_kib(pid_t pid, const std::string& field) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/status");
    std::string line;
    while (std::getline(in, line)) {
        if (line.starts_with(field)) {
            return static_cast<std::size_t>(std::stoull(line.substr(field.size() + 1)));
        }
    }
    return 0;
}

}  // namespace

Outcome run(const std::vector<std::string>& arguments,
            const std::map<std::string, std::string>& environment, std::chrono::seconds timeout) {
    std::array<int, 2> out{};
    std::array<int, 2> err{};
    if (pipe2(out.data(), O_CLOEXEC) != 0 || pipe2(err.data(), O_CLOEXEC) != 0) {
        throw std::runtime_error("pipe2 failed");
    }
    const pid_t pid = fork();
    if (pid == 0) {
        become(arguments, environment, out[1], err[1]);
    }
    close(out[1]);
    close(err[1]);
    Outcome outcome;
    if (!drain(out[0], err[0], outcome, Clock::now() + timeout)) {
        kill(pid, SIGKILL);
    }
    close(out[0]);
    close(err[0]);
    int status = 0;
    waitpid(pid, &status, 0);
    outcome.status = exit_status(status);
    return outcome;
}

Process::Process(const std::vector<std::string>& arguments,
                 const std::map<std::string, std::string>& environment,
                 const std::string& log_file) {
    const int log = open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log < 0) {
        throw std::runtime_error("cannot open " + log_file);
    }
    pid_ = fork();
    if (pid_ == 0) {
        become(arguments, environment, log, log);
    }
    close(log);
}

Process::~Process() {
    if (is_running()) {
        signal(SIGKILL);
        (void)wait(std::chrono::seconds(10));
    }
}

void Process::signal(int number) const {
    if (!ended_) {
        kill(pid_, number);
    }
}

bool Process::wait(std::chrono::milliseconds timeout) {
    const auto deadline = Clock::now() + timeout;
    while (is_running()) {
        if (Clock::now() > deadline) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

bool Process::is_running() {
    if (!ended_) {
        int status = 0;
        if (waitpid(pid_, &status, WNOHANG) == pid_) {
            ended_ = true;
            status_ = exit_status(status);
        }
    }
    return !ended_;
}

std::size_t Process::resident_bytes() const {
    return status_kib(pid_, "VmRSS:") * 1024;
}

std::size_t Process::peak_resident_bytes() const {
    return status_kib(pid_, "VmHWM:") * 1024;
}

}  // namespace farshore::test
