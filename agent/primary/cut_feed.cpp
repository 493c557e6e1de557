#include "agent/primary/cut_feed.hpp"

namespace farshore::primary {

namespace {

constexpr Duration turn = Duration::from_ms(500);
constexpr Duration record_wait = Duration::from_ms(10'000);
// Entries are sent in messages of about this size, well below a frame's limit.
constexpr std::size_t entries_bytes = 128 * limits::kib;

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

void CutFeed::run(CutNumber received, const runtime::StopToken& stop) {
    CutNumber told = received;
    while (!stop.stop_requested()) {
        if (!history_.wait_above(told, turn, stop)) {
            continue;
        }
        if (tell_everything_.exchange(false)) {
            received = CutNumber();
        }
        const std::shared_ptr<const CutRecord> record = tell(received);
        told = record->cut;
        if (await_outcome(*record, stop)) {
            received = record->cut;
            wiring_.on_received(record);
        }
    }
}

std::shared_ptr<const CutRecord> CutFeed::tell(CutNumber base) {
    // One consistent view: whatever is committed meanwhile belongs to the next cut.
    const storage::ReadTransaction view(state_.database());
    const CutNumber cut = state_.standing().cut;
    // Its record is published right after its commit, so it may take a moment, no longer.
    std::shared_ptr<const CutRecord> record = history_.wait_record(cut, record_wait);
    if (!record) {
        throw Error(ErrorCode::cancelled, "the agent is stopping");
    }
    CutBegin begin{.cut = cut, .base = base, .databases = {}, .as_of = {}};
    for (const SourceName& database : wiring_.streaming_databases()) {
        const auto position = record->databases.find(database);
        if (position != record->databases.end()) {
            begin.databases.insert(*position);
            wiring_.want_position(database, position->second);
        }
    }
    if (record->newest_mark) {
        for (const auto& [source, moment] : record->newest_mark->sources) {
            if (moment.as_of_boot) {
                begin.as_of[source] = *moment.as_of_boot;
            }
        }
    }
    connection::send(control_, begin);
    for (const SourceName& tree : wiring_.trees) {
        tell_tree(tree, base);
    }
    state_.marks_between(base, cut, [this](const storage::StoredMark& mark) {
        connection::send(control_, CutMark{mark.envelope});
    });
    connection::send(control_,
                     CutEnd{.cut = cut, .sent = bulk_.sent(), .is_mark = record->is_mark});
    return record;
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
