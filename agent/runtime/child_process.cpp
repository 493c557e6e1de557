#include "agent/runtime/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

extern char** environ;

namespace farshore::runtime {

namespace {

constexpr int exec_failed = 127;
constexpr std::size_t errors_kept_bytes = 2000;

[[noreturn]] void fail_errno(const std::string& deed) {
    throw Error(ErrorCode::io, "cannot " + deed + ": " + std::strerror(errno));
}

struct Pipe {
    int read_end = -1;
    int write_end = -1;

    Pipe() {
        std::array<int, 2> ends{};
        if (pipe2(ends.data(), O_CLOEXEC) != 0) {
            fail_errno("make a pipe");
        }
        read_end = ends[0];
        write_end = ends[1];
    }
};

// A socket where a pipe would do: writing to a child that has ended raises no SIGPIPE.
struct Feed {
    int child_end = -1;
    int our_end = -1;

    Feed() {
        std::array<int, 2> ends{};
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
            fail_errno("make a socket pair");
        }
        child_end = ends[0];
        our_end = ends[1];
    }
};

// All that the child needs, made before the fork: after it only calls that are safe then.
struct Image {
    std::vector<char*> arguments;
    std::vector<std::string> variables;
    std::vector<char*> environment;
    int input = -1;
    int output = -1;
    int errors = -1;
    std::vector<int> inherited;
};

Image make_image(const ChildSettings& settings) {
    Image image;
    for (const std::string& argument : settings.arguments) {
        image.arguments.push_back(const_cast<char*>(argument.c_str()));
    }
    image.arguments.push_back(nullptr);
    for (char** variable = environ; *variable != nullptr; ++variable) {
        const std::string text(*variable);
        if (!settings.environment.contains(text.substr(0, text.find('=')))) {
            image.variables.push_back(text);
        }
    }
    for (const auto& [name, value] : settings.environment) {
        image.variables.emplace_back(name).append("=").append(value);
    }
    for (std::string& variable : image.variables) {
        image.environment.push_back(variable.data());
    }
    image.environment.push_back(nullptr);
    for (const MemoryFile* file : settings.inherited) {
        image.inherited.push_back(file->descriptor());
    }
    return image;
}

[[noreturn]] void become(const Image& image) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    signal(SIGPIPE, SIG_DFL);
    dup2(image.input, STDIN_FILENO);
    dup2(image.output, STDOUT_FILENO);
    dup2(image.errors, STDERR_FILENO);
    for (const int descriptor : image.inherited) {
        fcntl(descriptor, F_SETFD, 0);
    }
    execvpe(image.arguments[0], image.arguments.data(), image.environment.data());
    _exit(exec_failed);
}

std::string flatten(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) {
        text.pop_back();
    }
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text;
}

}  // namespace

MemoryFile::MemoryFile(const char* name) : descriptor_(memfd_create(name, MFD_CLOEXEC)) {
    if (descriptor_ < 0) {
        fail_errno("make a file in memory");
    }
}

MemoryFile::~MemoryFile() {
    close(descriptor_);
}

void MemoryFile::write(std::string_view bytes) const {
    while (!bytes.empty()) {
        const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
        if (count < 0 && errno != EINTR) {
            fail_errno("write to a file in memory");
        }
        bytes.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
    }
}

std::string MemoryFile::tail(std::size_t limit) const {
    const off_t size = lseek(descriptor_, 0, SEEK_END);
    const off_t begin = std::max<off_t>(0, size - static_cast<off_t>(limit));
    std::string text(static_cast<std::size_t>(size - begin), '\0');
    const ssize_t count = pread(descriptor_, text.data(), text.size(), begin);
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
}

std::string MemoryFile::path() const {
    return "/dev/fd/" + std::to_string(descriptor_);
}

ChildProcess::ChildProcess(const ChildSettings& settings)
    : name_(settings.arguments.at(0)),
      stop_descriptor_(settings.stop_descriptor),
      errors_("errors") {
    Image image = make_image(settings);
    const Pipe output;
    if (settings.feed) {
        const Feed feed;
        image.input = feed.child_end;
        input_ = feed.our_end;
    } else {
        image.input = open("/dev/null", O_RDWR | O_CLOEXEC);
    }
    image.output = settings.output != nullptr ? settings.output->descriptor() : output.write_end;
    image.errors = errors_.descriptor();
    output_ = output.read_end;
    pid_ = fork();
    if (pid_ == 0) {
        become(image);
    }
    const int fork_error = errno;
    close(output.write_end);
    close(image.input);
    if (pid_ < 0) {
        errno = fork_error;
        fail_errno("start " + name_);
    }
}

ChildProcess::~ChildProcess() {
    close_input();
    close(output_);
    if (pid_ > 0) {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
}

void ChildProcess::wait(int descriptor, short events) const {
    std::array<pollfd, 2> polls{pollfd{descriptor, events, 0}, pollfd{stop_descriptor_, POLLIN, 0}};
    while (poll(polls.data(), polls.size(), -1) < 0) {
        if (errno != EINTR) {
            fail_errno("wait for " + name_);
        }
    }
    if (polls[1].revents != 0) {
        throw Error(ErrorCode::cancelled, "the agent stops");
    }
}

void ChildProcess::write(std::string_view bytes) {
    std::array<char, 4096> dropped{};
    while (!bytes.empty()) {
        std::array<pollfd, 3> polls{pollfd{input_, POLLOUT, 0}, pollfd{output_, POLLIN, 0},
                                    pollfd{stop_descriptor_, POLLIN, 0}};
        if (poll(polls.data(), polls.size(), -1) < 0 && errno != EINTR) {
            fail_errno("wait for " + name_);
        }
        if (polls[2].revents != 0) {
            throw Error(ErrorCode::cancelled, "the agent stops");
        }
        if ((polls[1].revents & POLLIN) != 0) {
            (void)!::read(output_, dropped.data(), dropped.size());
        }
        if (polls[0].revents == 0) {
            continue;
        }
        const ssize_t count = send(input_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(count));
        } else if (errno == EPIPE || errno == ECONNRESET) {
            return;  // It has ended: finish() says why.
        } else if (errno != EAGAIN && errno != EINTR) {
            fail_errno("write to " + name_);
        }
    }
}

std::size_t ChildProcess::read(std::span<char> into) {
    while (true) {
        wait(output_, POLLIN);
        const ssize_t count = ::read(output_, into.data(), into.size());
        if (count >= 0) {
            return static_cast<std::size_t>(count);
        }
        if (errno != EINTR) {
            fail_errno("read from " + name_);
        }
    }
}

void ChildProcess::finish(ErrorCode failure) {
    close_input();
    std::array<char, 4096> dropped{};
    while (read(dropped) > 0) {
    }
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    if (status != 0) {
        fail(failure, status);
    }
}

void ChildProcess::fail(ErrorCode failure, int status) const {
    if (WIFEXITED(status) && WEXITSTATUS(status) == exec_failed) {
        throw Error(ErrorCode::not_found, "the program " + name_ + " can not be run");
    }
    throw Error(failure, name_ + " failed: " + flatten(errors_.tail(errors_kept_bytes)));
}

void ChildProcess::close_input() {
    if (input_ >= 0) {
        close(input_);
        input_ = -1;
    }
}

}  // namespace farshore::runtime
