#pragma once
// What the control socket asks of the agent. The daemon implements it; the routes call it.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "agent/control/lag_report.hpp"
#include "agent/control/status_report.hpp"
#include "agent/runtime/stop_token.hpp"
#include "agent/verification/report.hpp"
#include "protocol/digest.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/time.hpp"

namespace farshore::control {

enum class Until : std::uint8_t { received, applied };

struct FlushRequest {
    Until until = Until::received;
    Duration timeout = Duration::from_ms(30'000);
};

// The mark that holds everything from before the call, and what every secondary said about it.
struct FlushResult {
    MarkNumber mark;
    Timestamp time;  // of the mark
    double waited_seconds = 0;
};

struct PutRequest {
    SourceName tree;
    std::string path;  // within the tree, relative, '/' between components
    std::uint32_t mode = 0644;
    std::optional<FileTime> mtime;      // null: now
    std::optional<std::uint64_t> size;  // as announced; null: not known
    Duration timeout = Duration::from_ms(30'000);
};

struct PutResult {
    SourceName tree;
    std::string path;
    std::uint64_t size = 0;
    Digest sha256;
    MarkNumber mark;  // the first applied one that holds it
    double waited_seconds = 0;
};

// The content of one put on its way in. Destroyed before finish(): nothing is left of it.
class PutUpload {
  public:
    virtual ~PutUpload() = default;
    virtual void write(std::span<const std::byte> content) = 0;
    // Puts the file in place, waits until it is applied everywhere with the same SHA-256.
    [[nodiscard]] virtual PutResult finish(const runtime::StopToken& stop) = 0;
};

struct Health {
    bool ok = false;
    std::string reason;  // one line; "ok" when it is
};

// Deletions that a primary holds back.
struct HeldDeletions {
    std::uint64_t id = 0;
    std::string tree;
    Timestamp since, latest;
    std::uint64_t entries = 0;
    std::uint64_t of_entries = 0;    // that the tree had
    std::vector<std::string> paths;  // the first of them
};

// A number that only the agent's parts know, for /metrics: {"cuts_total", "Cuts committed.", ...}.
struct Metric {
    std::string name;  // without farshore_; a counter ends in _total
    std::string help;
    double value = 0;
    std::vector<std::pair<std::string, std::string>> labels;
};

// Every call is thread-safe and may come from several threads at once; calls that wait end with
// Error(cancelled) when stop is requested. They throw Error for what the caller shall be told:
// timeout, not_primary, not_found, ...
class AgentApi {
  public:
    virtual ~AgentApi() = default;

    [[nodiscard]] virtual LagReport lag() = 0;
    [[nodiscard]] virtual StatusReport status() = 0;
    [[nodiscard]] virtual std::vector<Metric> metrics() { return {}; }
    // The process does its work (healthz); it does its part of the stream (readyz).
    [[nodiscard]] virtual Health healthz() = 0;
    [[nodiscard]] virtual Health readyz() = 0;

    [[nodiscard]] virtual FlushResult flush(const FlushRequest& request,
                                            const runtime::StopToken& stop) = 0;
    [[nodiscard]] virtual std::unique_ptr<PutUpload> put(const PutRequest& request) = 0;
    [[nodiscard]] virtual std::vector<HeldDeletions> held() { throw not_a_primary(); }
    // Lets go what the batch holds now: how many.
    virtual std::uint64_t approve(std::uint64_t) { throw not_a_primary(); }
    [[nodiscard]] virtual verification::VerifyReport verify(
        const verification::VerifyRequest& request, const verification::OnProgress& progress,
        const runtime::StopToken& stop) = 0;

  private:
    [[nodiscard]] static Error not_a_primary() {
        return {ErrorCode::not_primary,
                "NOT_PRIMARY: this agent is a secondary, deletions are held on the primary"};
    }
};

}  // namespace farshore::control
