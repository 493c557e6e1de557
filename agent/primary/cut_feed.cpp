#include "agent/primary/cut_feed.hpp"

#include <algorithm>

#include "agent/runtime/sleeper.hpp"

namespace farshore::primary {

namespace {

constexpr Duration turn = Duration::from_ms(500);
constexpr Duration record_wait = Duration::from_ms(10'000);
// A decoder that starts is waited for a moment: with it the cut is whole.
constexpr int decoder_looks = 100;
constexpr Duration decoder_look = Duration::from_ms(20);
constexpr std::size_t marks_page = 500;
// Entries are sent in messages of about this size, well below a frame's limit.
constexpr std::size_t entries_bytes = 256 * limits::kib;
// Of all the sequences' values in one cut: they are in one frame. The others go with the next.
constexpr std::size_t sequences_bytes = 256 * limits::kib;

std::size_t rough_size(const FileEntry& entry) {
    std::size_t size = 160 + entry.path.size() + entry.target.size();
    for (const auto& [name, value] : entry.xattrs) {
        size += name.size() + value.size() + 8;
    }
    return size;
}

}  // namespace

CutFeed::CutFeed(connection::Lane& control, BulkSender& bulk, const CutHistory& history,
                 storage::PrimaryState& state, CutFeedWiring wiring)
    : control_(control),
      bulk_(bulk),
      history_(history),
      state_(state),
      wiring_(std::move(wiring)) {}

void CutFeed::take(Frame frame) {
    if (!answers_.try_push(std::move(frame)) && !answers_.is_closed()) {
        throw Error(ErrorCode::too_large, "the secondary wants more than a cut can lack");
    }
}

void CutFeed::run(const Welcome& welcome, CutNumber base, const runtime::StopToken& stop) {
    for (const auto& [name, standing] : welcome.databases) {
        if (standing.copied) {
            held_[name] = {.system = standing.system_identifier, .lsn = standing.received};
        }
    }
    told_mark_ = welcome.received_mark;
    const bool holds_something = !welcome.received_cut.is_zero();
    CutNumber received = base;
    CutNumber told = welcome.received_cut;
    while (!stop.stop_requested()) {
        if (!history_.wait_above(told, turn, stop)) {
            continue;
        }
        if (tell_everything_ && may_tell_everything()) {
            tell_everything_ = false;
            received = CutNumber();
        }
        if (received.is_zero() && holds_something && !may_tell_everything()) {
            (void)runtime::SystemSleeper().sleep(turn, stop);
            continue;
        }
        const MarkNumber mark_before = told_mark_;
        const ToldCut cut = tell(received, stop);
        told = cut.record->cut;
        if (await_outcome(*cut.record, stop)) {
            received = told;
            for (const auto& [name, lsn] : cut.databases) {
                held_[name] = cut.record->databases.at(name);
            }
            for (const auto& [name, values] : told_sequences_) {
                for (const SequenceValue& value : values) {
                    held_sequences_[name][value.name] = value;
                }
            }
            wiring_.on_received(cut);
        } else {
            told_mark_ = mark_before;
        }
    }
}

bool CutFeed::may_tell_everything() {
    return std::all_of(wiring_.trees.begin(), wiring_.trees.end(), [this](const SourceName& tree) {
        return state_.tree(tree).first_scan_done;
    });
}

bool CutFeed::holds(const SourceName& database, const StreamPosition& position) const {
    const auto held = held_.find(database);
    return position.lsn.is_zero() || (held != held_.end() && held->second.lsn >= position.lsn &&
                                      held->second.system == position.system);
}

bool CutFeed::brings_all(const CutRecord& record, const runtime::StopToken& stop) const {
    runtime::SystemSleeper sleeper;
    for (int looks = 0; looks < decoder_looks; ++looks) {
        const std::map<SourceName, std::string> streaming = wiring_.streaming_databases();
        const bool all = std::all_of(
            record.databases.begin(), record.databases.end(), [&](const auto& database) {
                const auto flows = streaming.find(database.first);
                return holds(database.first, database.second) ||
                       (flows != streaming.end() && flows->second == database.second.system);
            });
        if (all) {
            return true;
        }
        if (!sleeper.sleep(decoder_look, stop)) {
            break;
        }
    }
    return false;
}

ToldCut CutFeed::tell(CutNumber base, const runtime::StopToken& stop) {
    // One consistent view: whatever is committed meanwhile belongs to the next cut.
    const storage::ReadTransaction view(state_.database());
    const CutNumber cut = state_.standing().cut;
    ToldCut told;
    // Its record is published right after its commit, so it may take a moment, no longer.
    told.record = history_.wait_record(cut, record_wait);
    if (!told.record) {
        throw Error(ErrorCode::cancelled, "the agent is stopping");
    }
    told.with_marks = brings_all(*told.record, stop);
    CutBegin begin{.cut = cut,
                   .base = base,
                   .databases = {},
                   .as_of = {},
                   .identity = state_.cut_identity(cut).value()};
    for (const auto& [database, system] : wiring_.streaming_databases()) {
        const auto found = told.record->databases.find(database);
        if (found == told.record->databases.end() || found->second.lsn.is_zero() ||
            found->second.system != system) {
            continue;  // nothing yet, or of a cluster that was replaced
        }
        // A position of before this secondary's copy says nothing to it.
        const Lsn position = found->second.lsn;
        if (position >= held_[database].lsn || held_[database].system != system) {
            begin.databases[database] = position;
            wiring_.want_position(database, position);
        }
    }
    if (told.with_marks && told.record->newest_mark) {
        begin.taken = told.record->newest_mark->taken_boot;
        for (const auto& [source, moment] : told.record->newest_mark->sources) {
            if (moment.as_of_boot) {
                begin.as_of[source] = *moment.as_of_boot;
            }
        }
    }
    told.databases = begin.databases;
    tell_sequences(*told.record, begin);
    connection::send(control_, begin);
    for (const SourceName& tree : wiring_.trees) {
        tell_tree(tree, base);
    }
    if (told.with_marks) {
        tell_marks(cut);
    }
    connection::send(control_, CutEnd{.cut = cut,
                                      .sent = bulk_.sent(),
                                      .is_mark = told.with_marks && told.record->is_mark});
    return told;
}

void CutFeed::tell_sequences(const CutRecord& record, CutBegin& begin) {
    told_sequences_.clear();
    std::size_t room = sequences_bytes;
    for (const auto& [name, lsn] : begin.databases) {
        const auto now = record.sequences.find(name);
        if (now == record.sequences.end() || !now->second) {
            continue;
        }
        auto changed = changed_sequences(held_sequences_[name], *now->second, room);
        if (!changed.empty()) {
            std::string& told = begin.sequences[name];
            told = encode_sequences(changed);
            room -= told.size();
            told_sequences_[name] = std::move(changed);
        }
    }
}

void CutFeed::tell_marks(CutNumber up_to) {
    for (;;) {
        const std::vector<storage::StoredMark> marks = state_.marks_above(told_mark_, marks_page);
        for (const storage::StoredMark& mark : marks) {
            if (mark.cut > up_to) {
                return;
            }
            connection::send(control_, CutMark{mark.envelope});
            told_mark_ = mark.mark;
        }
        if (marks.size() < marks_page) {
            return;
        }
    }
}

void CutFeed::tell_tree(const SourceName& tree, CutNumber base) {
    CutEntries message{.tree = tree, .entries = {}};
    std::size_t size = 0;
    state_.changes_since(tree, base, [&](const FileEntry& entry) {
        const std::size_t more = rough_size(entry);
        if (!message.entries.empty() && size + more > entries_bytes) {
            connection::send(control_, message);
            message.entries.clear();
            size = 0;
        }
        message.entries.push_back(entry);
        size += more;
    });
    if (!message.entries.empty()) {
        connection::send(control_, message);
    }
}

bool CutFeed::await_outcome(const CutRecord& record, const runtime::StopToken& stop) {
    std::uint64_t missing = 0;
    while (!stop.stop_requested()) {
        const std::optional<Frame> frame = answers_.pop_for(turn, stop);
        if (!frame) {
            if (answers_.is_closed()) {
                throw Error(ErrorCode::connection_lost, "the session has ended");
            }
            continue;
        }
        if (frame->kind == MessageKind::received) {
            if (from_frame<Received>(*frame).cut != record.cut) {
                throw Error(ErrorCode::malformed,
                            "the secondary received a cut that is not in flight");
            }
            return true;
        }
        const auto wanted = from_frame<ContentWanted>(*frame);
        if (wanted.cut != record.cut) {
            throw Error(ErrorCode::malformed, "the secondary wants content of another cut");
        }
        send_wanted(wanted, missing);
        if (wanted.last) {
            connection::send(
                control_, ContentSent{.cut = record.cut, .sent = bulk_.sent(), .missing = missing});
            if (missing > 0) {
                return false;  // both sides give it up; a later cut has the successors
            }
        }
    }
    return false;
}

void CutFeed::send_wanted(const ContentWanted& wanted, std::uint64_t& missing) {
    for (const WantedContent& item : wanted.items) {
        if (!wiring_.send_wanted(item)) {
            ++missing;
        }
    }
}

}  // namespace farshore::primary
