#include "agent/runtime/task_group.hpp"

#include <pthread.h>

#include <exception>

namespace farshore::runtime {

TaskGroup::TaskGroup(OnFailure on_failure) : on_failure_(std::move(on_failure)) {}

TaskGroup::~TaskGroup() {
    request_stop();
    join();
}

bool TaskGroup::start(std::string name, Task task) {
    join_ended();  // a long-lived group does not collect threads that have returned
    const std::lock_guard lock(mutex_);
    if (stop_.stop_requested()) {
        return false;
    }
    auto running = std::make_shared<Running>();
    running->thread = std::thread([this, running, named = std::move(name), deed = std::move(task)] {
        ::pthread_setname_np(::pthread_self(), named.substr(0, 15).c_str());
        run(named, deed);
        const std::lock_guard ending(mutex_);
        running->ended = true;
    });
    tasks_.push_back(std::move(running));
    return true;
}

void TaskGroup::run(const std::string& name, const Task& task) {
    try {
        task(stop_.get_token());
    } catch (const Error& error) {
        if (error.code() != ErrorCode::cancelled || !stop_.stop_requested()) {
            record({name, error});
        }
    } catch (const std::exception& exception) {
        record({name, Error(ErrorCode::internal, exception.what())});
    }
}

void TaskGroup::record(const TaskFailure& failure) {
    {
        const std::lock_guard lock(mutex_);
        if (!failure_) {
            failure_ = failure;
        }
    }
    stop_.request_stop();
    if (on_failure_) {
        on_failure_(failure);
    }
}

void TaskGroup::request_stop() {
    stop_.request_stop();
}

void TaskGroup::join() {
    for (;;) {
        std::shared_ptr<Running> next;
        {
            const std::lock_guard lock(mutex_);
            if (tasks_.empty()) {
                return;
            }
            next = tasks_.front();
            tasks_.pop_front();
        }
        FARSHORE_ASSERT(next->thread.get_id() != std::this_thread::get_id());
        next->thread.join();
    }
}

void TaskGroup::join_ended() {
    std::list<std::shared_ptr<Running>> ended;
    {
        const std::lock_guard lock(mutex_);
        for (auto it = tasks_.begin(); it != tasks_.end();) {
            const auto next = std::next(it);
            if ((*it)->ended) {
                ended.splice(ended.end(), tasks_, it);
            }
            it = next;
        }
    }
    for (const auto& task : ended) {
        task->thread.join();
    }
}

std::optional<TaskFailure> TaskGroup::first_failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
}

}  // namespace farshore::runtime
