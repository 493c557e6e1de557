#include "agent/secondary/cut_receiver.hpp"

#include "agent/runtime/sleeper.hpp"
#include "agent/secondary/files/missing_content.hpp"

namespace farshore::secondary {

namespace {

// Frames of a cut that wait to be written to the state.
constexpr std::size_t most_frames = 8;
constexpr Duration retry_after = Duration::from_ms(1'000);

std::map<SourceName, Lsn> received_positions(const connection::Session& session) {
    std::map<SourceName, Lsn> positions;
    for (const auto& [name, lane] : session.databases) {
        const auto standing = session.welcome.databases.find(name);
        const bool is_copied =
            standing != session.welcome.databases.end() && standing->second.copied;
        positions[name] = is_copied ? standing->second.received : Lsn();
    }
    return positions;
}

}  // namespace

CutReceiver::CutReceiver(connection::Session& session, CutReceiverParts parts)
    : session_(session),
      parts_(std::move(parts)),
      delivery_(session.welcome.received_cut, session.bulk.size(), received_positions(session)) {}

void CutReceiver::take(Frame frame) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || frames_.size() < most_frames; });
    if (closed_) {
        return;  // what the session was told after its end
    }
    frames_.push_back(std::move(frame));
    changed_.notify_all();
}

void CutReceiver::lane_processed(std::size_t lane, std::uint64_t count) {
    const std::lock_guard lock(mutex_);
    delivery_.lane_processed(lane, count);
    changed_.notify_all();
}

void CutReceiver::database_passed(const SourceName& database, Lsn position) {
    const std::lock_guard lock(mutex_);
    delivery_.database_passed(database, position);
    changed_.notify_all();
}

void CutReceiver::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
}

void CutReceiver::run(const runtime::StopToken& stop) {
    // However it ends: whoever waits in take() for room would wait for ever.
    const std::shared_ptr<void> at_end(nullptr, [this](void*) { close(); });
    last_mark_ = parts_.state.standing().received_mark;
    while (!stop.stop_requested()) {
        std::optional<Frame> frame;
        DeliveryStep step = DeliveryStep::wait;
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, stop, [this] {
                return closed_ || !frames_.empty() || delivery_.next() != DeliveryStep::wait;
            });
            if (closed_ || stop.stop_requested()) {
                return;
            }
            // First what this cut still asks for: after one that is given up, the next one may have
            // come already.
            step = delivery_.next();
            if (step == DeliveryStep::wait) {
                frame = std::move(frames_.front());
                frames_.pop_front();
                changed_.notify_all();
            }
        }
        if (frame) {
            handle(*frame);
        } else {
            perform(step, stop);
        }
    }
}

void CutReceiver::handle(const Frame& frame) {
    switch (frame.kind) {
        case MessageKind::cut_begin:
            begin(from_frame<CutBegin>(frame));
            break;
        case MessageKind::cut_entries:
            add_entries(from_frame<CutEntries>(frame));
            break;
        case MessageKind::cut_mark:
            add_mark(from_frame<CutMark>(frame));
            break;
        case MessageKind::cut_end: {
            const auto message = from_frame<CutEnd>(frame);
            cut_.is_mark = message.is_mark;
            const std::lock_guard lock(mutex_);
            delivery_.end(message);
            break;
        }
        default: {
            const auto message = from_frame<ContentSent>(frame);
            const std::lock_guard lock(mutex_);
            delivery_.content_sent(message);
        }
    }
}

void CutReceiver::begin(const CutBegin& message) {
    {
        const std::lock_guard lock(mutex_);
        delivery_.begin(message);
    }
    // What an earlier telling left behind was never received.
    parts_.state.index().discard_incoming_above(delivery_.received());
    parts_.state.told_marks().forget();
    told_mark_ = {};
    cut_ = {.cut = message.cut,
            .base = message.base,
            .is_mark = false,
            .marks = {},
            .databases = {},
            .as_of = message.as_of,
            .primary_boot_id = session_.hello.boot_id,
            .identity = message.identity,
            .taken = message.taken};
    for (const auto& [database, lsn] : message.databases) {
        const auto told = message.sequences.find(database);
        cut_.databases[database] = {
            .lsn = lsn,
            .spool_end = {},
            .sequences = told == message.sequences.end() ? "" : told->second};
    }
    for (const auto& [name, tree] : parts_.trees) {
        tree->staging().begin_cut();
    }
}

void CutReceiver::add_entries(const CutEntries& message) {
    {
        const std::lock_guard lock(mutex_);
        (void)delivery_.require_telling();
    }
    if (!parts_.trees.contains(message.tree)) {
        throw Error(ErrorCode::malformed,
                    "entries of tree " + message.tree.str() + ", which is not ours");
    }
    parts_.state.index().add_incoming(cut_.cut, message.tree, message.entries);
}

void CutReceiver::add_mark(const CutMark& message) {
    {
        const std::lock_guard lock(mutex_);
        (void)delivery_.require_telling();
    }
    const VerifiedMark verified = verify_mark(message.envelope, parts_.trust, parts_.expected);
    const MarkNumber last = told_mark_.is_zero() ? last_mark_ : told_mark_;
    // Where everything is told, the marks before are known from manifests only.
    if (follows(last, verified.stored.mark, cut_.base.is_zero())) {
        parts_.state.told_marks().tell(verified.stored);
        told_mark_ = verified.stored.mark;
    }
}

void CutReceiver::perform(DeliveryStep step, const runtime::StopToken& stop) {
    try {
        switch (step) {
            case DeliveryStep::resolve:
                resolve();
                break;
            case DeliveryStep::sync:
                sync();
                break;
            case DeliveryStep::abandon: {
                parts_.state.index().discard_incoming(cut_.cut);
                const std::lock_guard lock(mutex_);
                delivery_.abandoned();
                break;
            }
            case DeliveryStep::wait:
                break;
        }
        parts_.faults.clear("receiving");
    } catch (const Error& error) {
        // The disk is full, or the root is not ours: the step is done again when that has passed.
        const bool passes =
            error.action() == Action::retry || error.code() == ErrorCode::root_changed;
        if (!passes || session_.control->is_closed()) {
            throw;
        }
        parts_.faults.raise("receiving", error);
        for (const auto& [name, tree] : parts_.trees) {
            if (error.code() == ErrorCode::disk_full) {
                tree->ask_for_room();
            }
        }
        runtime::SystemSleeper sleeper;
        (void)sleeper.sleep(retry_after, stop);
    }
}

void CutReceiver::resolve() {
    if (cut_.base.is_zero()) {
        add_removals_of_the_rest();
    }
    const std::uint64_t lacking = want_missing();
    const std::lock_guard lock(mutex_);
    delivery_.resolved(lacking);
}

std::uint64_t CutReceiver::want_missing() {
    std::uint64_t lacking = 0;
    for (const auto& [name, tree] : parts_.trees) {
        tree->check();
        MissingContent missing(parts_.files, tree->root(), tree->staging(), parts_.state.index(),
                               name);
        lacking += missing.find(cut_.cut, [&](std::vector<WantedContent> items) {
            connection::send(
                *session_.control,
                ContentWanted{.cut = cut_.cut, .last = false, .items = std::move(items)});
        });
    }
    if (lacking > 0) {
        connection::send(*session_.control,
                         ContentWanted{.cut = cut_.cut, .last = true, .items = {}});
    }
    return lacking;
}

void CutReceiver::add_removals_of_the_rest() {
    // A cut without a base is the whole listing: what we have and it does not name is gone.
    storage::SecondaryIndex& index = parts_.state.index();
    for (const auto& [tree_name, tree] : parts_.trees) {
        const SourceName& name = tree_name;  // a lambda may not capture a binding
        std::vector<FileEntry> removals;
        const auto flush = [&] {
            index.add_incoming(cut_.cut, name, removals);
            removals.clear();
        };
        index.walk(name, storage::SecondaryIndex::Order::ascending, [&](const FileEntry& entry) {
            if (!index.find_incoming(cut_.cut, name, entry.path)) {
                FileEntry tombstone;
                tombstone.path = entry.path;
                tombstone.type = EntryType::deleted;
                tombstone.mark = entry.mark;
                removals.push_back(std::move(tombstone));
            }
            if (removals.size() >= limits::wanted_items) {
                flush();
            }
        });
        flush();
    }
}

void CutReceiver::sync() {
    for (const auto& [name, tree] : parts_.trees) {
        tree->check();
        tree->staging().sync();
    }
    for (auto& [name, point] : cut_.databases) {
        point.spool_end = parts_.sync_database(name, point.lsn);
    }
    const ClockReading now = parts_.clock.read();
    parts_.state.commit_received(cut_, {.at = now.utc, .clock_error = now.utc_error});
    if (!told_mark_.is_zero()) {
        last_mark_ = told_mark_;
    }
    {
        const std::lock_guard lock(mutex_);
        delivery_.committed();
    }
    // The one line that promises: everything above is durable.
    connection::send(*session_.control, Received{cut_.cut});
    parts_.on_received();
}

}  // namespace farshore::secondary
