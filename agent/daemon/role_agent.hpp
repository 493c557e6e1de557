#pragma once
// An agent in one of its roles: runs it, and answers the control socket.

#include <memory>
#include <string>

#include "agent/control/agent_api.hpp"
#include "agent/daemon/services.hpp"
#include "protocol/mark.hpp"

namespace farshore::daemon {

class RoleAgent : public control::AgentApi {
  public:
    // Blocks until stop. Throws the Error for which the agent can not go on.
    virtual void run(const runtime::StopToken& stop) = 0;
    // One line for the service manager.
    [[nodiscard]] virtual std::string summary() = 0;

    // --- the same in both roles
    [[nodiscard]] control::Health healthz() override;
    [[nodiscard]] control::Health readyz() override;

  protected:
    explicit RoleAgent(Services& services) : services_(services) {}
    // What a status begins with, before the role adds its own.
    [[nodiscard]] control::StatusReport begin_status(control::LagReport lag) const;
    void add_tree(control::StatusReport& status, const config::Tree& tree,
                  const std::optional<Mark>& newest, const std::vector<std::string>& pending) const;
    void add_certificate_fault(control::StatusReport& status) const;
    void add_database(control::StatusReport& status, const config::Database& database,
                      const std::optional<Mark>& newest, const std::string& state) const;

    Services& services_;
};

[[nodiscard]] std::unique_ptr<RoleAgent> make_primary_agent(Services& services);
[[nodiscard]] std::unique_ptr<RoleAgent> make_secondary_agent(Services& services);

}  // namespace farshore::daemon
