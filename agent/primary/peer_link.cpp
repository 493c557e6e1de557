#include "agent/primary/peer_link.hpp"

#include "agent/primary/restored_record.hpp"
#include "agent/runtime/backoff.hpp"
#include "agent/runtime/log.hpp"
#include "agent/runtime/sleeper.hpp"

namespace farshore::primary {

namespace {

constexpr Duration first_delay = Duration::from_ms(100);
constexpr Duration longest_delay = Duration::from_ms(5'000);

}  // namespace

PeerLink::PeerLink(const SessionContext& context, config::Peer peer, Dial dial)
    : context_(context), peer_(std::move(peer)), dial_(std::move(dial)) {}

std::shared_ptr<PeerSession> PeerLink::session() const {
    const std::lock_guard lock(mutex_);
    return session_;
}

void PeerLink::recall(storage::PrimaryState& state) {
    const auto standing = state.peer(peer_.name);
    if (!standing) {
        return;
    }
    const ClockReading now = context_.clock.read();
    const auto record = [&](CutNumber cut) -> std::shared_ptr<const CutRecord> {
        auto restored = std::make_shared<const CutRecord>(restored_record(state, cut, now));
        return restored->newest_mark ? restored : nullptr;
    };
    board_.update([&](PeerView& view) {
        view.received = record(standing->received_cut);
        view.applied = record(standing->applied_cut);
    });
}

void PeerLink::run(const runtime::StopToken& stop) {
    runtime::Backoff backoff(first_delay, longest_delay, 1);
    runtime::SystemSleeper sleeper;
    std::string said;  // the same trouble is told once, not at every attempt
    const auto lost = [&](const Error& error) {
        board_.update([&](PeerView& view) {
            view.connected = false;
            view.connection_fault = PeerFault{error, context_.clock.utc_now()};
        });
        if (said != error.message() && !stop.stop_requested()) {
            said = error.message();
            log::warning("no session with {}: {} {}", peer_.name.str(), error.name(),
                         error.message());
        }
    };
    while (!stop.stop_requested()) {
        try {
            connection::Session opened = dial_(peer_);
            log::info("session with {} opened", peer_.name.str());
            said.clear();
            const BootTime began = context_.clock.boot_now();
            lost(hold(std::move(opened), stop));
            if (context_.clock.boot_now() - began > longest_delay) {
                backoff.reset();
            }
        } catch (const Error& error) {
            lost(error);
        }
        if (!sleeper.sleep(backoff.next(), stop)) {
            return;
        }
    }
}

Error PeerLink::hold(connection::Session opened, const runtime::StopToken& stop) {
    const CutNumber received = opened.welcome.received_cut;
    const CutNumber applied = opened.welcome.applied_cut;
    const MarkNumber received_mark = opened.welcome.received_mark;
    const auto session = std::make_shared<PeerSession>(context_, board_, std::move(opened));
    {
        const std::lock_guard lock(mutex_);
        session_ = session;
    }
    board_.update([&](PeerView& view) {
        view.connected = true;
        view.connected_since = context_.clock.utc_now();
        view.faults.clear();
        // A secondary that holds less than it once said (its disk was replaced) holds less.
        if (view.received && view.received->cut > received) {
            view.received.reset();
        }
        if (view.applied && view.applied->cut > applied) {
            view.applied.reset();
        }
        view.held = {
            .received_cut = received, .applied_cut = applied, .received_mark = received_mark};
        view.streaming.clear();
    });
    context_.on_progress();
    Error reason = session->run(stop);
    {
        const std::lock_guard lock(mutex_);
        session_.reset();
    }
    context_.on_progress();
    return reason;
}

}  // namespace farshore::primary
