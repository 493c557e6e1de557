#include "agent/secondary/receipt_task.hpp"

#include <algorithm>
#include <chrono>

#include "agent/runtime/log.hpp"

namespace farshore::secondary {

namespace {

constexpr std::size_t page = 1'000;
// Up to which mark the receipts have been told, in the state's facts.
constexpr std::string_view told_received = "receipts.received";
constexpr std::string_view told_applied = "receipts.applied";

MarkNumber read_number(storage::SecondaryState& state, std::string_view name) {
    const auto text = state.fact(name);
    return text ? MarkNumber(std::stoull(*text)) : MarkNumber();
}

}  // namespace

ReceiptTask::ReceiptTask(Parts parts)
    : parts_(std::move(parts)),
      state_(parts_.state_file),
      database_(parts_.state_file),
      writer_(database_, parts_.stream, parts_.agent, parts_.key) {}

void ReceiptTask::begin_epoch(Epoch epoch, const Digest& record, const AgentName& primary) {
    const std::lock_guard lock(mutex_);
    writer_.begin_epoch(epoch, record);
    primary_ = primary;
    begun_ = true;
}

void ReceiptTask::run(const runtime::StopToken& stop) {
    while (!stop.stop_requested()) {
        {
            std::unique_lock lock(mutex_);
            changed_.wait_for(lock, stop, std::chrono::nanoseconds(parts_.interval().nanoseconds),
                              [] { return false; });
        }
        try {
            write_now();
        } catch (const Error& error) {
            if (error.action() != Action::retry) {
                throw;
            }
            // A full disk: what was gathered is told next time.
            log::warning("no receipt can be written: {} {}", error.name(), error.message());
        }
    }
}

void ReceiptTask::write_now() {
    {
        const std::lock_guard lock(mutex_);
        if (!begun_) {
            return;
        }
        const Timestamp now = parts_.clock.utc_now();
        gather();
        const auto offset = parts_.offset();
        forget();
        while (writer_.write(primary_, offset ? std::optional(offset->value) : std::nullopt,
                             offset ? std::optional(offset->error) : std::nullopt, now)) {
        }
    }
    parts_.on_queued();
}

void ReceiptTask::gather() {
    for (;;) {
        const auto marks = state_.marks_received_after(read_number(state_, told_received), page);
        if (marks.empty()) {
            break;
        }
        {
            storage::Transaction transaction(database_);
            for (const storage::MarkStanding& mark : marks) {
                writer_.add_received({.mark = mark.mark,
                                      .at = mark.received.at,
                                      .clock_error = mark.received.clock_error,
                                      .mark_digest = mark.digest},
                                     mark.envelope);
            }
            transaction.commit();
        }
        // A crash here tells them again: adding a mark again changes nothing.
        state_.set_fact(told_received, std::to_string(marks.back().mark.value()));
    }
    for (;;) {
        const auto marks = state_.marks_applied_after(read_number(state_, told_applied), page);
        if (marks.empty()) {
            break;
        }
        {
            storage::Transaction transaction(database_);
            for (const storage::MarkStanding& mark : marks) {
                writer_.add_applied(
                    {.mark = mark.mark, .at = mark.applied->at, .sources = mark.sources});
            }
            transaction.commit();
        }
        state_.set_fact(told_applied, std::to_string(marks.back().mark.value()));
    }
}

// What the receipts' own tables have is not needed in the state any more, but for the newest ones:
// from them lag and status are counted.
void ReceiptTask::forget() {
    const storage::SecondaryStanding standing = state_.standing();
    const MarkNumber told =
        std::min({read_number(state_, told_received), read_number(state_, told_applied),
                  standing.applied_mark, standing.received_mark});
    if (!told.is_zero()) {
        state_.forget_marks_up_to(MarkNumber(told.value() - 1));
    }
}

}  // namespace farshore::secondary
