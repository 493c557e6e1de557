#include "agent/primary/files/tree_source.hpp"

#include <algorithm>
#include <utility>

#include "agent/runtime/tree_rights.hpp"
#include "protocol/limits.hpp"

namespace farshore::primary {

namespace {

// More dirty paths than this are found again by a full scan.
constexpr std::size_t most_dirty_paths = 200'000;
constexpr std::size_t most_uncovered_paths = 1'000;
constexpr std::size_t most_linked_files = 200'000;
constexpr std::size_t most_transfers = 2'000;
// New directories in new directories: after so many rounds somebody makes them faster than we
// look.
constexpr int most_drain_rounds = 64;
// What a sweep takes of each cut: what is new goes first.
constexpr Duration sweep_share = Duration::from_ms(50);

}  // namespace

TreeSource::TreeSource(TreeSourceSettings settings, TreeSourceParts parts,
                       std::unique_ptr<Watcher> watcher)
    : settings_(std::move(settings)),
      parts_(parts),
      watcher_(std::move(watcher)),
      excluded_(settings_.tree.exclude),
      append_only_(settings_.tree.append_only),
      guard_(parts_.files, settings_.stream, settings_.tree.name, settings_.tree.path),
      dirty_(most_dirty_paths),
      uncovered_(most_uncovered_paths),
      links_(most_linked_files),
      transfers_(parts_.files, guard_, parts_.sink, parts_.clock, parts_.random,
                 settings_.tree.name,
                 {.unstable_after = settings_.tree.unstable_after,
                  .reread_share = settings_.tree.reread_share,
                  .most = most_transfers}),
      guarded_(settings_.tree.delete_guard),
      held_(parts_.state.database()),
      filters_(parts_.state.database()),
      visitor_(parts_.files, *watcher_, uncovered_, excluded_),
      scanner_(visitor_, parts_.state, settings_.tree.name),
      capture_(settings_.tree.name, {.files = parts_.files,
                                     .state = parts_.state,
                                     .sink = parts_.sink,
                                     .clock = parts_.clock,
                                     .excluded = excluded_,
                                     .append_only = append_only_,
                                     .dirty = dirty_,
                                     .uncovered = uncovered_,
                                     .links = links_,
                                     .transfers = transfers_,
                                     .guard = guarded_,
                                     .held = held_}) {}

TreeSource::~TreeSource() {
    scrub_.request_stop();
    scrub_.join();
    transfers_.stop();
}

void TreeSource::start() {
    const storage::TreeStanding standing = parts_.state.tree(name());
    first_scan_done_ = standing.first_scan_done;
    swept_utc_ = standing.swept;
    recognise_root();
    recognise_filters();
    look_at_held();
    transfers_.start(settings_.transfer_threads, [this] { watcher_->wake(); });
    start_scrub();
    watcher_->wake();
    const std::lock_guard lock(start_mutex_);
    started_ = true;
    start_over_.notify_all();
}

void TreeSource::recognise_root() {
    try {
        guard_.recognise(parts_.state, parts_.random);
        remove_unfinished_puts(parts_.files, guard_.open().take());
        refusal_.reset();
    } catch (const Error& error) {
        if (error.code() != ErrorCode::root_changed && error.code() != ErrorCode::not_found &&
            error.code() != ErrorCode::io && error.code() != ErrorCode::unsafe_path &&
            error.code() != ErrorCode::state_damaged) {
            throw;
        }
        refusal_ = error;
    }
}

void TreeSource::open_root() {
    if (!guard_.is_recognised()) {
        recognise_root();
    }
    root_.reset();
    if (!guard_.is_recognised()) {
        return;
    }
    Result<storage::Handle> opened = guard_.open();
    if (opened.ok()) {
        root_ = std::move(opened).take();
        refusal_.reset();
        return;
    }
    // What happens meanwhile, and to the watches, nobody tells: everything is looked at again.
    refusal_ = opened.error();
    scanner_.give_up();
    caught_up_ = false;
    scan_requested_ = true;
}

void TreeSource::drain() {
    give_back();
    open_root();
    dirty_.begin_cut(parts_.clock.boot_now());
    settled_ = true;
    take_requests();
    look_at_approved();
    guarded_.set_scanning(scanner_.is_running() || scan_requested_);
    capture_.set_held(held_.has_any(name()), excluded_before_ ? &*excluded_before_ : nullptr);
    drain_to_rest(DirtySet::Drain::first);
}

void TreeSource::drain_again() {
    drain_to_rest(DirtySet::Drain::second);
}

void TreeSource::take_requests() {
    std::set<std::string> requests;
    std::set<std::string> lost;
    std::set<std::string> distrusted;
    {
        const std::lock_guard lock(requests_mutex_);
        requests.swap(requests_);
        lost.swap(lost_);
        distrusted.swap(distrusted_);
    }
    for (const std::string& path : distrusted) {
        dirty_.distrust(path, parts_.clock.utc_now());
    }
    let_go_of_lost(lost);
    for (const std::string& path : requests) {
        dirty_.changed(path, DirtySet::Drain::first, parts_.clock.utc_now());
    }
}

void TreeSource::drain_to_rest(DirtySet::Drain which) {
    for (int round = 0; round < most_drain_rounds; ++round) {
        std::vector<std::string> to_follow;
        watcher_->drain([&](const Hint& hint) { take(hint, which, to_follow); });
        if (dirty_.is_full()) {
            caught_up_ = false;
            scan_requested_ = true;
            return;
        }
        if (to_follow.empty() || !root_) {
            return;
        }
        for (const std::string& directory : to_follow) {
            follow(directory, which);
        }
    }
    settled_ = false;
}

void TreeSource::take(const Hint& hint, DirtySet::Drain which,
                      std::vector<std::string>& to_follow) {
    const Timestamp now = parts_.clock.utc_now();
    switch (hint.kind) {
        case HintKind::lost:
            caught_up_ = false;
            scan_requested_ = true;
            break;
        case HintKind::removed:
            dirty_.removed(hint.path, which, now);
            break;
        case HintKind::new_directory:
            to_follow.push_back(hint.path);
            break;
        case HintKind::came:
            dirty_.came(hint.path, which, now);
            [[fallthrough]];
        case HintKind::changed:
            dirty_.changed(hint.path, which, now);
            if (uncovered_.is_refused(hint.path)) {
                to_follow.push_back(hint.path);  // perhaps it can be read now
            }
            break;
    }
}

// A directory that is new to us, with all that is in it by now.
void TreeSource::follow(const std::string& directory, DirtySet::Drain which) {
    if (excluded_.excludes(directory, true)) {
        return;
    }
    std::vector<std::string> to_visit{directory};
    while (!to_visit.empty() && !dirty_.is_full()) {
        const std::string visited = std::move(to_visit.back());
        to_visit.pop_back();
        const auto children = visitor_.visit(*root_, visited);
        const Timestamp now = parts_.clock.utc_now();
        dirty_.changed(visited, which, now);
        if (!children) {
            continue;
        }
        for (const DirectoryVisitor::Child& child : *children) {
            dirty_.came(child.path, which, now);
            if (child.is_directory) {
                to_visit.push_back(child.path);
            }
        }
    }
}

TreeCut TreeSource::capture(const CutInput& input) {
    TreeCut cut;
    cut.taken = input.taken;
    scan_over_ = false;
    if (root_) {
        try {
            // One view for all that is looked up: the index changes only when the cut is committed.
            const storage::ReadTransaction view(parts_.state.database());
            begin_scan_when_due(input);
            capture_.begin(*root_, input, cut);
            capture_.take_transfers();
            capture_.look_at_dirty();
            go_on_with_scan(input);
        } catch (const Error&) {
            // What was taken out of the dirty set is forgotten: only a full scan finds it again,
            // and until its end the tree is not current.
            capture_.end();
            root_.reset();
            caught_up_ = false;
            scan_requested_ = true;
            throw;
        }
        capture_.end();
        parts_.sink.flush();
    }
    describe(input, cut);
    root_.reset();
    for (const storage::CapturedEntry& entry : cut.puts) {
        uncommitted_puts_.push_back(entry.entry.path);
    }
    uncommitted_removals_ = cut.removals;
    uncommitted_held_ = cut.held;
    if (cut.more_to_scan || dirty_.is_full()) {
        watcher_->wake();
    }
    return cut;
}

void TreeSource::committed() {
    uncommitted_puts_.clear();
    uncommitted_removals_.clear();
    uncommitted_held_.clear();
}

// The last capture never reached the index: it is looked at again.
void TreeSource::give_back() {
    const Timestamp now = parts_.clock.utc_now();
    // Since when it had been dirty is not known any more: as long as can be.
    for (const std::string& path : uncommitted_puts_) {
        dirty_.put_back(path, now, BootTime{});
    }
    for (const std::string& path : uncommitted_removals_) {
        dirty_.removed(path, DirtySet::Drain::first, now);
        dirty_.put_back(path, now, BootTime{});
    }
    for (const std::string& path : uncommitted_held_) {
        dirty_.removed(path, DirtySet::Drain::first, now);
    }
    committed();
}

void TreeSource::begin_scan_when_due(const CutInput& input) {
    const bool requested = scan_requested_.exchange(false);
    const Duration interval =
        uncovered_.has_unwatched() ? settings_.unwatched_sweep_interval : settings_.sweep_interval;
    const bool due =
        !scanner_.is_running() && scan_ended_ && input.taken.boot - *scan_ended_ >= interval;
    if (!requested && !due) {
        return;
    }
    scan_kind_ = caught_up_ && !requested ? ScanKind::sweep : ScanKind::catching_up;
    scan_began_ = input.taken;
    scan_ended_.reset();
    dirty_.accept_again();
    uncovered_.begin_sweep();
    watcher_->begin_sweep();
    links_.begin();
    scanner_.begin();
}

void TreeSource::go_on_with_scan(const CutInput& input) {
    if (!scanner_.is_running()) {
        return;
    }
    const BootTime now = parts_.clock.boot_now();
    // Half of what is left: the cut has to be committed, too.
    const Duration left{(input.deadline - now).nanoseconds / 2};
    const Duration share = scan_kind_ == ScanKind::sweep ? std::min(left, sweep_share) : left;
    if (capture_.scan(scanner_, now + share)) {
        end_scan();
    }
}

void TreeSource::end_scan() {
    watch_other_names();
    watcher_->end_sweep();
    uncovered_.end_sweep();
    swept_ = scan_began_;
    swept_utc_ = scan_began_.utc;
    scan_ended_ = parts_.clock.boot_now();
    scan_ended_utc_ = parts_.clock.utc_now();
    scan_over_ = true;
}

void TreeSource::describe(const CutInput& input, TreeCut& cut) {
    describe_moment(input, cut);
    cut.pending = pending(cut.pending_noticed);
    cut.first_scan_done = first_scan_done_;
    cut.swept = swept_utc_;
    cut.uncovered = uncovered_.list(most_uncovered_paths);
    for (const runtime::LackingRight& right :
         runtime::unseen_without_rights(runtime::own_capabilities())) {
        cut.uncovered.push_back({right.what, right.why});
    }
    cut.refusal = refusal_;
    cut.more_to_scan = scanner_.is_running() || scan_over_;
    describe_held(cut);
    if (filters_changed_) {
        cut.uncovered.push_back({"exclude", "the patterns changed at " +
                                                to_rfc3339(*filters_changed_) +
                                                ": what they leave out now stays on the secondary "
                                                "as it was"});
    }
}

void TreeSource::describe_moment(const CutInput& input, TreeCut& cut) {
    if (!root_) {
        return;
    }
    // The removals that a scan found in this capture belong to the next cut.
    const bool scanned = scan_ended_.has_value() && !scan_over_ && !scan_requested_;
    if (scanned && !dirty_.is_full() && swept_) {
        caught_up_ = true;
    }
    if (caught_up_ && excluded_before_ && dirty_.paths().empty()) {
        filters_.come_to_terms(name());
        excluded_before_.reset();
    }
    if (caught_up_ && !first_scan_done_) {
        // What it found has been put; what came since does not count.
        std::optional<BootTime> noticed;
        const std::optional<Timestamp> oldest = pending(noticed).oldest;
        first_scan_done_ = !oldest || *oldest > scan_ended_utc_;
    }
    cut.is_current = caught_up_ && first_scan_done_ && settled_;
    if (uncovered_.has_unwatched()) {
        // Only a scan tells: the tree is as of the beginning of the last one.
        cut.is_current = first_scan_done_ && swept_.has_value() && !scan_over_;
        cut.taken = swept_.value_or(input.taken);
    }
}

PendingFiles TreeSource::pending(std::optional<BootTime>& noticed) const {
    PendingFiles pending;
    noticed = transfers_.add_pending(pending);
    for (const auto& [path, dirty] : dirty_.paths()) {
        if (dirty.before_t) {
            pending.files += 1;
            pending.oldest = std::min(pending.oldest.value_or(dirty.since), dirty.since);
            pending.paths.push_back(path);
            noticed = std::min(noticed.value_or(dirty.noticed), dirty.noticed);
        }
    }
    if (uncovered_.refused() > 0) {
        pending.files += uncovered_.refused();
        noticed = BootTime{};  // nobody knows since when they differ from what was sent
    }
    return pending;
}

void TreeSource::mark_dirty(const std::string& path) {
    {
        const std::lock_guard lock(requests_mutex_);
        // Asked for by a peer: bounded, the scan finds the rest.
        if (requests_.size() >= most_dirty_paths) {
            scan_requested_ = true;
        } else {
            requests_.insert(path);
        }
    }
    watcher_->wake();
}

bool TreeSource::read_wanted(const WantedContent& wanted, ContentSink& sink) {
    if (!is_safe_path(wanted.path) || !guard_.is_recognised()) {
        return false;
    }
    const Result<storage::Handle> root = guard_.open();
    if (!root.ok()) {
        return false;
    }
    bool sent = false;
    try {
        sent = wanted.size <= limits::small_file ? send_small(wanted, root.value(), sink)
                                                 : send_large(wanted, root.value(), sink);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::io && error.code() != ErrorCode::not_found &&
            error.code() != ErrorCode::unsafe_path) {
            throw;
        }
    }
    if (!sent) {
        {
            const std::lock_guard lock(requests_mutex_);
            if (lost_.size() < most_dirty_paths) {
                lost_.insert(wanted.path);
            }
        }
        mark_dirty(wanted.path);
    }
    return sent;
}

bool TreeSource::send_small(const WantedContent& wanted, const storage::Handle& root,
                            ContentSink& sink) {
    std::string content;
    const FileReading reading =
        read_file(parts_.files, root, wanted.path, [&](std::string_view piece) {
            content += piece;
            return content.size() <= limits::small_file;
        });
    if (reading.size != wanted.size || reading.sha256 != wanted.sha256) {
        return false;
    }
    sink.whole(name(), wanted.sha256, content);
    return true;
}

bool TreeSource::send_large(const WantedContent& wanted, const storage::Handle& root,
                            ContentSink& sink) {
    std::unique_ptr<ContentPush> push;
    if (wanted.by_recipe) {
        push = std::make_unique<ContentPush>(
            sink,
            RecipeStart{.tree = name(),
                        .path = wanted.path,
                        .expected_size = wanted.size,
                        .shape = {parts_.random.number(), RecipeShape::bits_for(wanted.size)},
                        .bases = {}},
            piece_reader(parts_.files, parts_.files.open_file(root, wanted.path)));
    } else {
        push = std::make_unique<ContentPush>(sink, ContentStart{.tree = name(),
                                                                .path = wanted.path,
                                                                .expected_size = wanted.size,
                                                                .prefix = 0,
                                                                .base = {}});
    }
    const FileReading reading =
        read_file(parts_.files, root, wanted.path, [&](std::string_view piece) {
            push->data(piece);
            return !push->is_lost();
        });
    // Whether it held still does not matter: the digest says that these are the bytes.
    if (reading.size != wanted.size || reading.sha256 != wanted.sha256) {
        return false;
    }
    push->end(reading.size, reading.sha256);
    return true;
}

}  // namespace farshore::primary
