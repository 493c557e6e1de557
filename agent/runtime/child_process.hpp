#pragma once
// A program that is run with an argument list (never through a shell), fed and read through pipes.

#include <sys/types.h>

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"

namespace farshore::runtime {

// A file without a name, in memory: what a child writes when nobody reads meanwhile.
class MemoryFile {
  public:
    explicit MemoryFile(const char* name);
    ~MemoryFile();
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;

    void write(std::string_view bytes) const;
    // At most `limit` bytes of its end.
    [[nodiscard]] std::string tail(std::size_t limit) const;
    // Under this path a child that inherits the descriptor can open it.
    [[nodiscard]] std::string path() const;
    [[nodiscard]] int descriptor() const { return descriptor_; }

  private:
    int descriptor_;
};

struct ChildSettings {
    std::vector<std::string> arguments;              // [0] is looked up in PATH
    std::map<std::string, std::string> environment;  // beside ours
    bool feed = false;                               // standard input is a pipe; else /dev/null
    const MemoryFile* output = nullptr;              // standard output; else a pipe
    std::vector<const MemoryFile*> inherited;        // open in the child too
    // Readable when everything that waits shall end with Error(cancelled).
    int stop_descriptor = -1;
};

// Invariants: the child never outlives the object, nor a killed agent. What it writes to standard
// error is kept in memory, its end becomes part of the Error.
class ChildProcess {
  public:
    // Throws Error(not_found) when there is no such program.
    explicit ChildProcess(const ChildSettings& settings);
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    // Everything, to its standard input; drops what it prints meanwhile. Throws what finish()
    // throws when it has ended early.
    void write(std::string_view bytes);
    // What it has printed, 0 bytes at the end.
    [[nodiscard]] std::size_t read(std::span<char> into);
    // Closes its input, waits for its end. Throws Error(`failure`), with what it said, unless its
    // status is 0.
    void finish(ErrorCode failure);

  private:
    void wait(int descriptor, short events) const;
    void close_input();
    [[noreturn]] void fail(ErrorCode failure, int status) const;

    std::string name_;
    int stop_descriptor_;
    MemoryFile errors_;
    pid_t pid_ = -1;
    int input_ = -1;
    int output_ = -1;
};

}  // namespace farshore::runtime
