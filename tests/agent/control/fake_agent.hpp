#pragma once
// An agent behind the socket: answers what the test has put in, and remembers what it was asked.

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "agent/control/agent_api.hpp"
#include "agent/runtime/sleeper.hpp"

namespace farshore::control {

class FakeAgent : public AgentApi {
  public:
    LagReport lag() override {
        const std::lock_guard lock(mutex_);
        LagReport report = lag_;
        report.rpo_seconds = static_cast<double>(++lag_calls_);
        return report;
    }
    StatusReport status() override {
        const std::lock_guard lock(mutex_);
        StatusReport report;
        report.lag = lag_;
        report.version = "0.1.0";
        return report;
    }
    std::vector<Metric> metrics() override { return {{"cuts_total", "Cuts committed.", 7, {}}}; }
    Health healthz() override { return {true, "ok"}; }
    Health readyz() override { return {false, "no session with app-west"}; }

    FlushResult flush(const FlushRequest& request, const runtime::StopToken& stop) override {
        flush_ = request;
        if (flush_waits_) {
            runtime::SystemSleeper sleeper;
            flush_began_ = true;
            if (!sleeper.sleep(request.timeout, stop)) {
                throw Error(ErrorCode::cancelled, "the agent is stopping");
            }
        }
        if (flush_error_) {
            throw *flush_error_;
        }
        return {MarkNumber(1841), Timestamp{1'795'373'089'123'456'789}, 0.5};
    }

    std::unique_ptr<PutUpload> put(const PutRequest& request) override;

    std::vector<HeldDeletions> held() override { return held_; }
    std::uint64_t approve(std::uint64_t batch) override {
        approved_ = batch;
        return 512;
    }

    verification::VerifyReport verify(const verification::VerifyRequest& request,
                                      const verification::OnProgress& progress,
                                      const runtime::StopToken&) override {
        verify_ = request;
        if (progress) {
            progress({"tree", "uploads", 10, 20, "paths"});
        }
        if (verify_error_) {
            throw *verify_error_;
        }
        verification::VerifyReport report;
        report.stream = "shop";
        report.checked.push_back({"tree", "uploads", 20, "paths", 1'000, "mark 7"});
        report.add({verification::FindingKind::path_differs, "uploads", "a\nb", "x", "y"});
        return report;
    }

    std::mutex mutex_;
    LagReport lag_;
    int lag_calls_ = 0;
    std::vector<HeldDeletions> held_;
    std::uint64_t approved_ = 0;
    FlushRequest flush_;
    bool flush_waits_ = false;
    std::atomic<bool> flush_began_{false};
    std::optional<Error> flush_error_, verify_error_;
    verification::VerifyRequest verify_;
    PutRequest put_;
    std::uint64_t put_bytes_ = 0;
    std::uint64_t put_largest_piece_ = 0;
    std::uint64_t put_refused_after_ = 0;  // 0: never
    std::atomic<int> puts_given_up_{0};
};

class FakeUpload : public PutUpload {
  public:
    explicit FakeUpload(FakeAgent& agent) : agent_(agent) {}
    ~FakeUpload() override { agent_.puts_given_up_ += finished_ ? 0 : 1; }

    void write(std::span<const std::byte> content) override {
        hash_.update(content);
        agent_.put_bytes_ += content.size();
        agent_.put_largest_piece_ =
            std::max<std::uint64_t>(agent_.put_largest_piece_, content.size());
        if (agent_.put_refused_after_ != 0 && agent_.put_bytes_ > agent_.put_refused_after_) {
            throw Error(ErrorCode::disk_full, "cannot write: no space left");
        }
    }
    PutResult finish(const runtime::StopToken&) override {
        finished_ = true;
        return {agent_.put_.tree, agent_.put_.path, agent_.put_bytes_,
                hash_.finish(),   MarkNumber(9),    0.25};
    }

  private:
    FakeAgent& agent_;
    Sha256 hash_;
    bool finished_ = false;
};

inline std::unique_ptr<PutUpload> FakeAgent::put(const PutRequest& request) {
    put_ = request;
    put_bytes_ = 0;
    if (request.tree.str() != "uploads") {
        throw Error(ErrorCode::not_found, "no tree of that name: " + request.tree.str());
    }
    return std::make_unique<FakeUpload>(*this);
}

}  // namespace farshore::control
