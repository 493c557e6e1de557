#include "agent/primary/manifest_task.hpp"

#include <chrono>

#include "agent/runtime/log.hpp"

namespace farshore::primary {

ManifestTask::ManifestTask(const std::string& state_file, StreamName stream, AgentName agent,
                           SigningKey key, std::vector<SourceName> trees,
                           std::function<Duration()> interval, Clock& clock,
                           std::function<void(const storage::ChainStanding&)> on_queued)
    : clock_(clock),
      interval_(std::move(interval)),
      trees_(std::move(trees)),
      on_queued_(std::move(on_queued)),
      view_state_(state_file),
      writer_database_(state_file),
      writer_(writer_database_, std::move(stream), std::move(agent), std::move(key)) {}

void ManifestTask::begin_epoch(Epoch epoch, const Digest& record) {
    writer_.begin_epoch(epoch, record);
    const auto standing = writer_.standing();
    written_ = standing->last_mark;
    sequence_ = standing->sequence;
}

void ManifestTask::on_mark() {
    const std::lock_guard lock(mutex_);
    const BootTime now = clock_.boot_now();
    const bool due = demanded_ || !last_ || now - *last_ >= interval_();
    if (!due || phase_ != Phase::idle) {
        return;
    }
    view_ = std::make_unique<storage::ReadTransaction>(view_state_.database());
    viewed_at_ = clock_.utc_now();
    last_ = now;
    demanded_ = false;
    phase_ = Phase::viewed;
    changed_.notify_all();
}

void ManifestTask::demand() {
    const std::lock_guard lock(mutex_);
    demanded_ = true;
}

void ManifestTask::begin_last(MarkNumber mark, Duration timeout) {
    {
        std::unique_lock lock(mutex_);
        const bool idle = changed_.wait_for(lock, std::chrono::nanoseconds(timeout.nanoseconds),
                                            [this] { return phase_ == Phase::idle; });
        if (!idle || written_ >= mark) {
            return;
        }
    }
    demand();
    on_mark();
}

void ManifestTask::run(const runtime::StopToken& stop) {
    for (;;) {
        {
            std::unique_lock lock(mutex_);
            if (!changed_.wait(lock, stop, [this] { return phase_ == Phase::viewed; })) {
                return;
            }
        }
        try {
            write();
        } catch (const Error& error) {
            // A full disk. The next mark tries again with all that came since.
            give_up(error);
        }
    }
}

void ManifestTask::give_up(const Error& error) {
    if (error.action() != Action::retry) {
        throw Error(error);
    }
    log::warning("no manifest can be written: {} {}", error.name(), error.message());
    view_.reset();
    const std::lock_guard lock(mutex_);
    phase_ = Phase::idle;
    last_.reset();
    changed_.notify_all();
}

void ManifestTask::write() {
    const auto standing = writer_.standing();
    FARSHORE_ASSERT(standing);
    const storage::ManifestContent content = read(*standing);
    view_.reset();
    Sequence sequence = standing->sequence;
    if (!content.marks.empty()) {
        sequence = writer_.write(content, viewed_at_);
    }
    const storage::ChainStanding written = *writer_.standing();
    {
        const std::lock_guard lock(mutex_);
        phase_ = Phase::idle;
        written_ = written.last_mark;
        sequence_ = sequence;
        changed_.notify_all();
    }
    on_queued_(written);
}

storage::ManifestContent ManifestTask::read(const storage::ChainStanding& standing) {
    storage::ManifestContent content;
    for (const storage::StoredMark& mark :
         view_state_.marks_above(standing.last_mark, SIZE_MAX >> 1)) {
        content.marks.push_back(mark.envelope);
        content.last_cut = mark.cut;
    }
    if (content.marks.empty()) {
        return content;
    }
    for (const SourceName& tree : trees_) {
        storage::ChangeListWriter changes;
        bool any = false;
        view_state_.sorted_changes_since(tree, standing.last_cut, [&](const FileEntry& entry) {
            changes.add(entry);
            any = true;
        });
        if (any) {
            content.changes.push_back({tree, changes.finish()});
        }
        if (view_state_.tree(tree).first_scan_done &&
            writer_.needs_checkpoint(tree, clock_.utc_now())) {
            storage::ChangeListWriter listing;
            view_state_.walk(tree, "", [&](const storage::CapturedEntry& entry) {
                listing.add(entry.entry);
                return true;
            });
            content.checkpoints.push_back({tree, listing.finish()});
        }
    }
    return content;
}

std::optional<Sequence> ManifestTask::wait_written(MarkNumber mark, Duration timeout) {
    std::unique_lock lock(mutex_);
    const bool there = changed_.wait_for(lock, std::chrono::nanoseconds(timeout.nanoseconds),
                                         [&] { return written_ >= mark; });
    return there ? std::optional(sequence_) : std::nullopt;
}

MarkNumber ManifestTask::written() const {
    const std::lock_guard lock(mutex_);
    return written_;
}

}  // namespace farshore::primary
