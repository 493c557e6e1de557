#pragma once
// Named threads that are stopped, joined, and whose failure is reported. Nothing is ever detached.

#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "agent/runtime/stop_token.hpp"
#include "protocol/error.hpp"

namespace farshore::runtime {

struct TaskFailure {
    std::string task;
    Error error;
};

// Invariants:
// - a task that was started has ended when join() or the destructor returns;
// - the first failure stops the whole group and is kept; on_failure hears of each failure once;
// - ending by Error(cancelled) after stop was requested is no failure.
// Every call is thread-safe; join() must not be called by a task of the group itself.
class TaskGroup {
  public:
    using Task = std::function<void(const StopToken&)>;
    // Called on the failing task's thread, after the group's stop was requested. Must not throw.
    using OnFailure = std::function<void(const TaskFailure&)>;

    explicit TaskGroup(OnFailure on_failure = {});
    ~TaskGroup();
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    // `name` is the thread's name too (its first 15 bytes). A group that was stopped starts
    // nothing; then false.
    bool start(std::string name, Task task);
    void request_stop();
    // Waits for all tasks to end; does not ask them to.
    void join();

    [[nodiscard]] StopToken stop_token() const { return stop_.get_token(); }
    [[nodiscard]] bool stop_requested() const { return stop_.stop_requested(); }
    [[nodiscard]] std::optional<TaskFailure> first_failure() const;

  private:
    struct Running {
        std::thread thread;
        bool ended = false;  // its thread is about to return
    };

    void run(const std::string& name, const Task& task);
    void record(const TaskFailure& failure);
    void join_ended();

    OnFailure on_failure_;
    StopSource stop_;
    mutable std::mutex mutex_;
    std::list<std::shared_ptr<Running>> tasks_;
    std::optional<TaskFailure> failure_;
};

}  // namespace farshore::runtime
