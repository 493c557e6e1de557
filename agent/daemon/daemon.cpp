#include "agent/daemon/daemon.hpp"

#include "agent/control/control_server.hpp"
#include "agent/daemon/role_agent.hpp"
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

}  // namespace

int run(const config::Config& config) {
    runtime::StopSignal signal;
    const runtime::Notify notify;
    Services services(config);
    const std::unique_ptr<RoleAgent> agent = config.agent.role == config::Role::primary
                                                 ? make_primary_agent(services)
                                                 : make_secondary_agent(services);
    control::ControlServer control(config.agent.socket, *agent);
    log::info("farshore {}: {} of stream {}, {}", FARSHORE_VERSION, config.agent.name.str(),
              config.agent.stream.str(),
              config.agent.role == config::Role::primary ? "primary" : "secondary");
    if (const auto objection =
            services.tls.objection(config.agent.name, services.clock.utc_now())) {
        log::warning("{} {}", objection->name(), objection->message());
    }
    // Whatever ends the role ends the process: a service manager starts it again.
    runtime::TaskGroup tasks([&signal](const runtime::TaskFailure&) { signal.request(); });
    tasks.start("role", [&](const runtime::StopToken& stop) { agent->run(stop); });
    watch(signal, notify, services, *agent);
    tasks.request_stop();
    tasks.join();
    if (const auto failure = tasks.first_failure()) {
        throw failure->error;
    }
    log::info("stopped");
    return 0;
}

}  // namespace farshore::daemon
