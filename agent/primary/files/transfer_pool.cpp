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
// A file that is read in less is read again whenever it changes.
constexpr Duration cheap = Duration::from_ms(10);
// Append-only files of which the end is remembered.
constexpr std::size_t most_tails = 1'000;
// Of files that rest; beyond that those whose rest is over are forgotten.
constexpr std::size_t most_rests = 10'000;
// How often waiting threads look at the clock.
constexpr std::chrono::milliseconds look_again{50};

}  // namespace

TransferPool::TransferPool(storage::FileSystem& files, const RootGuard& guard, ContentSink& sink,
                           Clock& clock, runtime::Random& random, SourceName tree,
                           TransferSettings settings)
    : files_(files),
      guard_(guard),
      sink_(sink),
      clock_(clock),
      random_(random),
      tree_(std::move(tree)),
      settings_(std::move(settings)) {}

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
        known->second.request.older = request.older;
        known->second.request.bases = request.bases;
        known->second.request.same_size = request.same_size;
        if (known->second.state == State::finished) {
            known->second.state = State::waiting;
            changed_.notify_all();
        }
        return true;
    }
    if (jobs_.size() >= settings_.most) {
        return false;
    }
    Job& job = jobs_[request.path];
    job.request = request;
    job.not_before = std::max(clock_.boot_now() + settling, may_begin(request.path));
    inodes_[{request.status.filesystem, request.status.inode}] += 1;
    changed_.notify_all();
    return true;
}

bool TransferPool::has_room() const {
    const std::lock_guard lock(mutex_);
    return jobs_.size() < settings_.most;
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
            insist = now - job->second.first_try.value_or(now) > settings_.unstable_after;
            job->second.first_try = job->second.first_try.value_or(now);
            request = job->second.request;
        }
        run(std::move(request), insist, stop);
    }
}

std::optional<FileReading> TransferPool::read(const TransferRequest& request, bool push,
                                              bool insist, const runtime::StopToken& stop) {
    const Result<storage::Handle> root = guard_.open();
    if (!root.ok()) {
        return std::nullopt;
    }
    std::unique_ptr<ContentPush> pushed;
    const TakePiece take = [&](std::string_view piece) {
        if (pushed) {
            pushed->data(piece);
        }
        return !stop.stop_requested();
    };
    FileReading reading;
    if (request.append_only && push) {
        reading = read_tail(request, root.value(), take, pushed);
    } else {
        if (push && sink_.is_connected()) {
            pushed = begin_push(request, root.value(), insist);
        }
        reading = read_file(files_, root.value(), request.path, take);
    }
    using Outcome = FileReading::Outcome;
    const bool keep = reading.outcome == Outcome::stable || reading.outcome == Outcome::moment ||
                      (insist && reading.outcome == Outcome::changed);
    if (keep && pushed && !stop.stop_requested()) {
        pushed->end(reading.size, reading.sha256);
    }
    return reading;
}

FileReading TransferPool::read_tail(const TransferRequest& request, const storage::Handle& root,
                                    const TakePiece& take, std::unique_ptr<ContentPush>& push) {
    std::optional<FileTail> tail;
    {
        const std::lock_guard lock(mutex_);
        auto known = tails_.extract(request.path);
        // What follows is put behind what the secondaries have.
        if (!known.empty() && !request.distrusted && known.mapped().sha256 == request.older) {
            tail = std::move(known.mapped());
        }
    }
    const FileReading reading = read_appended(
        files_, root, request.path, tail,
        [&](std::uint64_t from) {
            if (!sink_.is_connected()) {
                return;
            }
            push = from == 0 ? begin_push(request, root, false)
                             : std::make_unique<ContentPush>(
                                   sink_, ContentStart{.tree = tree_,
                                                       .path = request.path,
                                                       .expected_size = request.status.size,
                                                       .prefix = from,
                                                       .base = *request.older});
        },
        take);
    const std::lock_guard lock(mutex_);
    if (tail && tails_.size() < most_tails) {
        tails_.insert_or_assign(request.path, std::move(*tail));
    }
    return reading;
}

// What never holds still is sent as it is read: its pieces would be others when they are asked for.
std::unique_ptr<ContentPush> TransferPool::begin_push(const TransferRequest& request,
                                                      const storage::Handle& root,
                                                      bool insist) const {
    const std::uint64_t size = request.status.size;
    const bool by_recipe =
        request.older || !request.bases.empty() || sink_.has_begun(tree_, request.path);
    if (insist || !by_recipe || size <= limits::small_file) {
        return std::make_unique<ContentPush>(sink_, ContentStart{.tree = tree_,
                                                                 .path = request.path,
                                                                 .expected_size = size,
                                                                 .prefix = 0,
                                                                 .base = {}});
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

// A sample of both is read: to hash all of it first, or to tell a recipe, costs more than it saves
// where files only happen to have one size.
void TransferPool::look_for_copies(TransferRequest& request) const {
    const Result<storage::Handle> root = guard_.open();
    if (!root.ok() || request.known || request.older) {
        return;
    }
    for (const FileEntry& other : request.same_size) {
        const int equal = equal_samples(files_, root.value(), request.path, other.path);
        if (equal == samples) {
            request.known = other.sha256;
            request.bases = {other.path};
            return;
        }
        if (equal > 0 && request.bases.size() < limits::recipe_bases) {
            request.bases.push_back(other.path);
        }
    }
}

void TransferPool::run(TransferRequest request, bool insist, const runtime::StopToken& stop) {
    const Duration cpu_before = settings_.cpu_time();
    const BootTime boot_began = clock_.boot_now();
    try {
        look_for_copies(request);
        Began began = begin_now();
        auto reading = read(request, !request.known, insist, stop);
        const bool is_new = reading && reading->outcome == FileReading::Outcome::stable &&
                            request.known && reading->sha256 != *request.known;
        if (is_new || (insist && request.known)) {
            began = begin_now();
            reading = read(request, true, insist, stop);
        }
        Duration cost = settings_.cpu_time() - cpu_before;
        if (request.append_only && reading) {
            // Little here, but each secondary copies all of it: about a gigabyte a second.
            cost = cost + Duration{static_cast<std::int64_t>(reading->size)};
        }
        note_cost(request.path, boot_began, cost);
        finish(request.path, reading ? &*reading : nullptr, began, insist);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::sync_failed || error.code() == ErrorCode::internal) {
            throw;
        }
        finish(request.path, nullptr, begin_now(), false);
    }
}

// One reading may come at once, whatever the one before cost: a file that was copied and then
// changes once has nothing to wait for. What follows waits until those before it are paid for.
void TransferPool::note_cost(const std::string& path, BootTime began, Duration cost) {
    const std::lock_guard lock(mutex_);
    if (rests_.size() >= most_rests) {
        std::erase_if(rests_, [began](const auto& rest) { return rest.second.paid <= began; });
    }
    if (cost < cheap) {
        rests_.erase(path);
        return;
    }
    const double price = static_cast<double>(cost.nanoseconds) / settings_.reread_share;
    Rest& rest = rests_[path];
    rest.not_before = std::max(rest.paid, began);
    rest.paid = rest.not_before + Duration{static_cast<std::int64_t>(price)};
}

BootTime TransferPool::may_begin(const std::string& path) const {
    const auto rest = rests_.find(path);
    return rest == rests_.end() ? BootTime{} : rest->second.not_before;
}

void TransferPool::wait_for_quiet(Job& job) {
    const Duration pause{
        std::min(first_pause.nanoseconds << std::min(job.tries, 10), longest_pause.nanoseconds)};
    job.tries += 1;
    job.not_before = std::max(clock_.boot_now() + pause, may_begin(job.request.path));
    job.state = State::waiting;
}

void TransferPool::finish(const std::string& path, const FileReading* reading, const Began& began,
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
        job.result = {
            .path = path,
            .status = job.request.status,
            .sha256 = std::nullopt,
            .size = 0,
            .began = began.utc,
            .began_boot = began.boot,
            .unstable = changed,
            .moment = reading != nullptr && reading->outcome == FileReading::Outcome::moment,
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
