#include "agent/primary/manifest_task.hpp"

#include <chrono>

#include "agent/runtime/log.hpp"

namespace farshore::primary {

namespace {

// A listing that was too large is tried again when the tree has become smaller, or after this.
constexpr Duration listing_pause{24LL * 3'600 * 1'000'000'000};

// The list that `fill` makes; nullopt when it is over the limit.
template <typename Fill>
std::optional<storage::ChangeList> list_within(std::size_t limit_bytes, const Fill& fill) {
    storage::ChangeListWriter list(limit_bytes);
    try {
        fill(list);
        return list.finish();
    } catch (const Error& error) {
        if (error.code() != ErrorCode::too_large) {
            throw;
        }
        return std::nullopt;
    }
}

}  // namespace

ManifestTask::ManifestTask(const std::string& state_file, StreamName stream, AgentName agent,
                           SigningKey key, std::vector<SourceName> trees,
                           std::function<Duration()> interval, Clock& clock,
                           std::function<void(const storage::ChainStanding&)> on_queued,
                           std::size_t list_limit)
    : clock_(clock),
      interval_(std::move(interval)),
      trees_(std::move(trees)),
      on_queued_(std::move(on_queued)),
      view_state_(state_file),
      writer_database_(state_file),
      writer_(writer_database_, std::move(stream), std::move(agent), std::move(key)),
      list_limit_(list_limit) {}

void ManifestTask::begin_epoch(Epoch epoch, const Digest& record) {
    writer_.begin_epoch(epoch, record);
    const auto standing = writer_.standing();
    written_ = standing->last_mark;
    sequence_ = standing->sequence;
}

void ManifestTask::on_mark(std::size_t envelope_bytes) {
    const std::lock_guard lock(mutex_);
    mark_bytes_ += envelope_bytes;
    const BootTime now = clock_.boot_now();
    const bool due =
        demanded_ || !last_ || mark_bytes_ >= most_mark_bytes || now - *last_ >= interval_();
    if (!due || phase_ != Phase::idle) {
        return;
    }
    view_ = std::make_unique<storage::ReadTransaction>(view_state_.database());
    viewed_at_ = clock_.utc_now();
    last_ = now;
    demanded_ = false;
    mark_bytes_ = 0;
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
        read_changes(tree, standing.last_cut, content);
        read_listing(tree, content);
    }
    return content;
}

void ManifestTask::read_changes(const SourceName& tree, CutNumber since,
                                storage::ManifestContent& content) {
    auto changes = list_within(list_limit_, [&](storage::ChangeListWriter& list) {
        view_state_.sorted_changes_since(tree, since,
                                         [&](const FileEntry& entry) { list.add(entry); });
    });
    if (!changes) {
        writer_.renew_checkpoint(tree);
        leave_out(tree, "the list of what changed",
                  "the tree's listing can't be followed by the records until the next whole one");
    } else if (changes->count > 0) {
        content.changes.push_back({tree, *std::move(changes)});
    }
}

void ManifestTask::read_listing(const SourceName& tree, storage::ManifestContent& content) {
    const storage::TreeStanding standing = view_state_.tree(tree);
    if (!standing.first_scan_done || !needs_listing(tree, standing)) {
        return;
    }
    auto listing = list_within(list_limit_, [&](storage::ChangeListWriter& list) {
        view_state_.walk(tree, "", [&](const storage::CapturedEntry& entry) {
            list.add(entry.entry);
            return true;
        });
    });
    if (!listing) {
        too_large_[tree] = {.entries = standing.totals.entries, .tried = clock_.utc_now()};
        leave_out(tree,
                  "the whole listing of " + std::to_string(standing.totals.entries) + " entries",
                  "lists of changes go on; verify can only follow the tree from a whole listing");
        return;
    }
    content.checkpoints.push_back({tree, *std::move(listing)});
    too_large_.erase(tree);
    const std::lock_guard lock(mutex_);
    left_out_.erase(tree);
}

bool ManifestTask::needs_listing(const SourceName& tree, const storage::TreeStanding& standing) {
    const Timestamp now = clock_.utc_now();
    if (!writer_.needs_checkpoint(tree, now)) {
        return false;
    }
    const auto known = too_large_.find(tree);
    return known == too_large_.end() || standing.totals.entries < known->second.entries ||
           now - known->second.tried >= listing_pause;
}

void ManifestTask::leave_out(const SourceName& tree, std::string_view what,
                             std::string_view consequence) {
    const Error fault(ErrorCode::too_large,
                      std::string(what) + " is over the limit of an object of the evidence (" +
                          std::to_string(list_limit_) +
                          " bytes, compressed) and left out: " + std::string(consequence));
    log::warning("tree {}: {} {}", tree.str(), fault.name(), fault.message());
    const std::lock_guard lock(mutex_);
    const auto known = left_out_.find(tree);
    const Timestamp since = known == left_out_.end() ? clock_.utc_now() : known->second.since;
    left_out_.insert_or_assign(tree, PeerFault{fault, since});
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

std::map<SourceName, PeerFault> ManifestTask::left_out() const {
    const std::lock_guard lock(mutex_);
    return left_out_;
}

}  // namespace farshore::primary
