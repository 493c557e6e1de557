#include "agent/primary/files/transfer_pool.hpp"

#include <algorithm>
#include <chrono>

#include "protocol/limits.hpp"

namespace farshore::primary {

namespace {

// A file that changed while it was read is left alone for a while, longer each time.
constexpr Duration first_pause = Duration::from_ms(100);
constexpr Duration longest_pause = Duration::from_ms(5'000);
// Read a tick after its last change, so that any later one shows in its times (is_settled).
constexpr Duration settling = Duration::from_ms(25);
// One that never holds still is sent as read after this.
constexpr Duration unstable_after = Duration::from_ms(60'000);
// How often waiting threads look at the clock.
constexpr std::chrono::milliseconds look_again{50};

}  // namespace

TransferPool::TransferPool(storage::FileSystem& files, const RootGuard& guard, ContentSink& sink,
                           Clock& clock, runtime::Random& random, SourceName tree, std::size_t most)
    : files_(files),
      guard_(guard),
      sink_(sink),
      clock_(clock),
      random_(random),
      tree_(std::move(tree)),
      most_(most) {}

TransferPool::~TransferPool() {
    stop();
}

void TransferPool::start(int threads, std::function<void()> on_finished) {
    on_finished_ = std::move(on_finished);
    for (int i = 0; i < threads; ++i) {
        threads_.start("read-" + tree_.str(),
                       [this, i](const runtime::StopToken& stop) { work(i == 0, stop); });
    }
}

void TransferPool::stop() {
    threads_.request_stop();
    threads_.join();
}

bool TransferPool::request(const TransferRequest& request) {
    const std::lock_guard lock(mutex_);
    const auto known = jobs_.find(request.path);
    if (known != jobs_.end()) {
        // Whoever reads it notices by itself that it changed; a result is thrown away.
        known->second.request.known = request.known;
        known->second.request.has_older = request.has_older;
        known->second.request.bases = request.bases;
        if (known->second.state == State::finished) {
            known->second.state = State::waiting;
            changed_.notify_all();
        }
        return true;
    }
    if (jobs_.size() >= most_) {
        return false;
    }
    Job& job = jobs_[request.path];
    job.request = request;
    job.not_before = clock_.boot_now() + settling;
    inodes_[{request.status.filesystem, request.status.inode}] += 1;
    changed_.notify_all();
    return true;
}

bool TransferPool::has_room() const {
    const std::lock_guard lock(mutex_);
    return jobs_.size() < most_;
}

bool TransferPool::is_reading(std::uint64_t filesystem, std::uint64_t inode) const {
    const std::lock_guard lock(mutex_);
    return inodes_.contains({filesystem, inode});
}

std::vector<FinishedTransfer> TransferPool::take_finished() {
    const std::lock_guard lock(mutex_);
    std::vector<FinishedTransfer> finished;
    for (auto job = jobs_.begin(); job != jobs_.end();) {
        if (job->second.state != State::finished) {
            ++job;
            continue;
        }
        const storage::FileStatus& status = job->second.request.status;
        const auto inode = inodes_.find({status.filesystem, status.inode});
        if (--inode->second == 0) {
            inodes_.erase(inode);
        }
        finished.push_back(std::move(job->second.result));
        job = jobs_.erase(job);
    }
    return finished;
}

std::optional<BootTime> TransferPool::add_pending(PendingFiles& pending) const {
    const std::lock_guard lock(mutex_);
    std::optional<BootTime> noticed;
    for (const auto& [path, job] : jobs_) {
        pending.files += 1;
        pending.bytes += job.request.status.size;
        pending.oldest = std::min(pending.oldest.value_or(job.request.since), job.request.since);
        pending.paths.push_back(path);
        noticed = std::min(noticed.value_or(job.request.noticed), job.request.noticed);
    }
    return noticed;
}

TransferPool::Jobs::iterator TransferPool::next_job(bool smallest_first) {
    const BootTime now = clock_.boot_now();
    auto best = jobs_.end();
    for (auto job = jobs_.begin(); job != jobs_.end(); ++job) {
        if (job->second.state != State::waiting || job->second.not_before > now) {
            continue;
        }
        const auto rank = [&](const Job& of) {
            return smallest_first ? static_cast<std::int64_t>(of.request.status.size)
                                  : of.request.since.nanoseconds;
        };
        if (best == jobs_.end() || rank(job->second) < rank(best->second)) {
            best = job;
        }
    }
    return best;
}

void TransferPool::work(bool smallest_first, const runtime::StopToken& stop) {
    while (!stop.stop_requested()) {
        TransferRequest request;
        bool insist = false;
        {
            std::unique_lock lock(mutex_);
            const auto job = next_job(smallest_first);
            if (job == jobs_.end()) {
                changed_.wait_for(lock, stop, look_again, [] { return false; });
                continue;
            }
            job->second.state = State::running;
            const BootTime now = clock_.boot_now();
            insist = now - job->second.first_try.value_or(now) > unstable_after;
            job->second.first_try = job->second.first_try.value_or(now);
            request = job->second.request;
        }
        run(request, insist, stop);
    }
}

std::optional<FileReading> TransferPool::read(const TransferRequest& request, bool push,
                                              bool insist, const runtime::StopToken& stop) {
    const Result<storage::Handle> root = guard_.open();
    if (!root.ok()) {
        return std::nullopt;
    }
    const std::unique_ptr<ContentPush> pushed =
        push && sink_.is_connected() ? begin_push(request, root.value(), insist) : nullptr;
    const FileReading reading =
        read_file(files_, root.value(), request.path, [&](std::string_view piece) {
            if (pushed) {
                pushed->data(piece);
            }
            return !stop.stop_requested();
        });
    const bool keep = reading.outcome == FileReading::Outcome::stable ||
                      (insist && reading.outcome == FileReading::Outcome::changed);
    if (keep && pushed && !stop.stop_requested()) {
        pushed->end(reading.size, reading.sha256);
    }
    return reading;
}

// What never holds still is sent as it is read: its pieces would be others when they are asked for.
std::unique_ptr<ContentPush> TransferPool::begin_push(const TransferRequest& request,
                                                      const storage::Handle& root,
                                                      bool insist) const {
    const std::uint64_t size = request.status.size;
    const bool by_recipe =
        request.has_older || !request.bases.empty() || sink_.has_begun(tree_, request.path);
    if (insist || !by_recipe || size <= limits::small_file) {
        return std::make_unique<ContentPush>(
            sink_,
            ContentStart{.tree = tree_, .path = request.path, .expected_size = size, .prefix = 0});
    }
    storage::Handle file;
    try {
        file = files_.open_file(root, request.path);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::not_found && error.code() != ErrorCode::unsafe_path) {
            throw;
        }
        return nullptr;  // the reading will say so
    }
    return std::make_unique<ContentPush>(
        sink_,
        RecipeStart{.tree = tree_,
                    .path = request.path,
                    .expected_size = size,
                    .shape = {random_.number(), RecipeShape::bits_for(size)},
                    .bases = request.bases},
        piece_reader(files_, std::move(file)));
}

void TransferPool::run(const TransferRequest& request, bool insist,
                       const runtime::StopToken& stop) {
    try {
        Timestamp began = clock_.utc_now();
        auto reading = read(request, !request.known, insist, stop);
        const bool is_new = reading && reading->outcome == FileReading::Outcome::stable &&
                            request.known && reading->sha256 != *request.known;
        if (is_new || (insist && request.known)) {
            began = clock_.utc_now();
            reading = read(request, true, insist, stop);
        }
        finish(request.path, reading ? &*reading : nullptr, began, insist);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::sync_failed || error.code() == ErrorCode::internal) {
            throw;
        }
        finish(request.path, nullptr, clock_.utc_now(), false);
    }
}

void TransferPool::wait_for_quiet(Job& job) {
    const Duration pause{
        std::min(first_pause.nanoseconds << std::min(job.tries, 10), longest_pause.nanoseconds)};
    job.tries += 1;
    job.not_before = clock_.boot_now() + pause;
    job.state = State::waiting;
}

void TransferPool::finish(const std::string& path, const FileReading* reading, Timestamp began,
                          bool insist) {
    {
        const std::lock_guard lock(mutex_);
        Job& job = jobs_.at(path);
        const bool changed =
            reading != nullptr && reading->outcome == FileReading::Outcome::changed;
        if (changed && !insist) {
            wait_for_quiet(job);
            return;
        }
        job.state = State::finished;
        job.result = {.path = path,
                      .status = job.request.status,
                      .sha256 = std::nullopt,
                      .size = 0,
                      .began = began,
                      .unstable = changed,
                      .since = job.request.since,
                      .noticed = job.request.noticed,
                      .distrusted = job.request.distrusted};
        if (reading != nullptr && reading->outcome != FileReading::Outcome::absent) {
            job.result.status = reading->status;
            job.result.sha256 = reading->sha256;
            job.result.size = reading->size;
        }
    }
    on_finished_();
}

}  // namespace farshore::primary
