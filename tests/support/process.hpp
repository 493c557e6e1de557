#pragma once
// Child processes of the tests: started with an argument list, ended by pid, never left behind.

#include <sys/types.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace farshore::test {

struct Outcome {
    int status = -1;  // exit status; 128 + signal when it was killed
    std::string out;
    std::string err;
};

// Runs a program to its end; kills it after `timeout` (then status is 128 + SIGKILL).
[[nodiscard]] Outcome run(const std::vector<std::string>& arguments,
                          const std::map<std::string, std::string>& environment = {},
                          std::chrono::seconds timeout = std::chrono::seconds(60));

// A program that keeps running; standard output and error go to a file.
class Process {
  public:
    Process(const std::vector<std::string>& arguments,
            const std::map<std::string, std::string>& environment, const std::string& log_file);
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    void signal(int number) const;
    // True when it has ended within `timeout`; status() is known then.
    [[nodiscard]] bool wait(std::chrono::milliseconds timeout);
    [[nodiscard]] bool is_running();
    [[nodiscard]] int status() const { return status_; }
    [[nodiscard]] pid_t pid() const { return pid_; }
    // Resident memory right now and at its peak, bytes.
    [[nodiscard]] std::size_t resident_bytes() const;
    [[nodiscard]] std::size_t peak_resident_bytes() const;

  private:
    pid_t pid_ = -1;
    int status_ = -1;
    bool ended_ = false;
};

}  // namespace farshore::test
