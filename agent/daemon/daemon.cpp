#include "agent/daemon/daemon.hpp"

#include "agent/control/control_server.hpp"
#include "agent/daemon/role_agent.hpp"
#include "agent/runtime/backoff.hpp"
#include "agent/runtime/log.hpp"
#include "agent/runtime/notify.hpp"
#include "agent/runtime/stop_signal.hpp"

namespace farshore::daemon {

namespace {

constexpr Duration look_interval = Duration::from_ms(5'000);

// Until a signal comes or the role ends: tells the service manager how it goes.
void watch(runtime::StopSignal& signal, const runtime::Notify& notify, Services& services,
           RoleAgent& agent) {
    using Woken = runtime::StopSignal::Woken;
    notify.ready();
    for (Woken woken = signal.wait(look_interval); woken != Woken::stop;
         woken = signal.wait(look_interval)) {
        if (woken == Woken::reload) {
            services.reload();
        }
        notify.watchdog();
        notify.status(agent.summary());
    }
    notify.stopping();
}

// What must be there before the role can run, in the order in which it is made.
struct Parts {
    Services services;
    std::unique_ptr<RoleAgent> agent;
    control::ControlServer control;

    explicit Parts(const config::Config& config)
        : services(config),
          agent(config.agent.role == config::Role::primary ? make_primary_agent(services)
                                                           : make_secondary_agent(services)),
          control(config.agent.socket, *agent) {}
};

bool passes_by_itself(const Error& error) {
    return error_info(error.code()).action == Action::retry;
}

// True when it was time to end meanwhile.
bool wait_until_next(runtime::StopSignal& signal, const runtime::Notify& notify, Duration delay) {
    // An agent that waits for its disk is at work: it is not started anew for that.
    notify.ready();
    notify.watchdog();
    for (;;) {
        switch (signal.wait(delay)) {
            case runtime::StopSignal::Woken::stop:
                return true;
            case runtime::StopSignal::Woken::timeout:
                return false;
            case runtime::StopSignal::Woken::reload:
                break;  // all is read when it begins
        }
    }
}

// Null when it was time to end. A full state disk at the start of a host is waited for, as it is
// by an agent that runs: nobody has to start it again.
std::unique_ptr<Parts> begin(const config::Config& config, runtime::StopSignal& signal,
                             const runtime::Notify& notify) {
    runtime::Backoff backoff(Duration::from_ms(500), look_interval, 0);
    for (;;) {
        try {
            return std::make_unique<Parts>(config);
        } catch (const Error& error) {
            if (!passes_by_itself(error)) {
                throw;
            }
            const std::string text = std::string(error.name()) + " " + error.message();
            if (backoff.failures() == 0) {
                log::warning("cannot begin, tries again: {}", text);
            }
            notify.status("cannot begin: " + text);
        }
        if (wait_until_next(signal, notify, backoff.next())) {
            return nullptr;
        }
    }
}

}  // namespace

int run(const config::Config& config) {
    runtime::StopSignal signal;
    const runtime::Notify notify;
    const std::unique_ptr<Parts> parts = begin(config, signal, notify);
    if (!parts) {
        log::info("stopped");
        return 0;
    }
    Services& services = parts->services;
    RoleAgent& agent = *parts->agent;
    log::info("farshore {}: {} of stream {}, {}", FARSHORE_VERSION, config.agent.name.str(),
              config.agent.stream.str(),
              config.agent.role == config::Role::primary ? "primary" : "secondary");
    if (const auto objection =
            services.tls.objection(config.agent.name, services.clock.utc_now())) {
        log::warning("{} {}", objection->name(), objection->message());
    }
    // Whatever ends the role ends the process: a service manager starts it again.
    runtime::TaskGroup tasks([&signal](const runtime::TaskFailure&) { signal.request(); });
    tasks.start("role", [&](const runtime::StopToken& stop) { agent.run(stop); });
    watch(signal, notify, services, agent);
    tasks.request_stop();
    tasks.join();
    if (const auto failure = tasks.first_failure()) {
        if (passes_by_itself(failure->error)) {
            log::error("ends, to be started again: {} {}", failure->error.name(),
                       failure->error.message());
            return 1;  // 2 would say that somebody must change something first
        }
        throw failure->error;
    }
    log::info("stopped");
    return 0;
}

}  // namespace farshore::daemon
