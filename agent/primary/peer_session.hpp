#pragma once
// One session with one secondary, from handshake to loss: its threads and what they share.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "agent/config/config.hpp"
#include "agent/primary/bulk_sender.hpp"
#include "agent/primary/content_broadcast.hpp"
#include "agent/primary/cut_feed.hpp"
#include "agent/primary/cut_history.hpp"
#include "agent/primary/database_task.hpp"
#include "agent/primary/gap_board.hpp"
#include "agent/primary/peer_view.hpp"
#include "agent/session/control_channel.hpp"
#include "protocol/clock_offset.hpp"

namespace farshore::primary {

// What a session uses of the role around it; all of it outlives the session.
struct SessionContext {
    const config::Config& config;
    Clock& clock;
    std::string state_file;
    CutHistory& history;
    ContentBroadcast& broadcast;
    BandwidthLimit& bandwidth;
    // Reads a wanted file again and hands its content to the sender; false when it has changed.
    std::function<bool(const WantedContent&, BulkSender&)> send_wanted;
    // A transaction was passed by this session's decoder.
    std::function<void(const SourceName&, const StreamPosition& end, const Digest&)> on_transaction;
    GapBoard& gaps;
    // Something moved: the cutter and whoever waits for a mark look again.
    std::function<void()> on_progress;
    // The operator's wishes at the other end: JSON in, JSON out.
    std::function<std::string(const std::string& verb, const std::string& json)> serve;
};

// Invariants: what the board says is received or applied was said by the secondary in this session
// or an earlier one, never inferred.
class PeerSession {
  public:
    PeerSession(const SessionContext& context, PeerBoard& board, connection::Session session);
    ~PeerSession();

    // Blocks until the session ends or stop; the Error says why.
    [[nodiscard]] Error run(const runtime::StopToken& stop);
    // Thread-safe, while run() is under way.
    [[nodiscard]] std::string ask(const std::string& verb, const std::string& json,
                                  Duration timeout) {
        return channel_.ask(verb, json, timeout);
    }
    void send_evidence(const std::string& key, std::string_view bytes);
    // The furthest that this session's decoder has passed; without a system when it does not
    // stream.
    [[nodiscard]] StreamPosition position(const SourceName& database) const;
    void want_position(const SourceName& database, Lsn lsn);
    // Tells the secondary why one of our sources does not flow, or that it does again; nothing when
    // it was told so. Never waits nor throws: what finds no room is not told, a later call tells
    // it.
    void tell_fault(const SourceName& source, const std::optional<Error>& fault);

  private:
    // What the secondary holds and can go on from. Throws state_damaged or chain_broken when that
    // is not of this state's history.
    [[nodiscard]] CutNumber first_base();
    [[nodiscard]] std::string serve(const std::string& verb, const std::string& json);
    void take(Frame frame);
    void take_applied(const Applied& applied);
    void take_state(const PeerState& state);
    void take_sample(const session::ClockSample& sample);
    void received(const ToldCut& told);
    void compare_digests(const CutRecord& record, const Applied& applied);
    [[nodiscard]] std::map<SourceName, std::string> streaming_databases() const;
    CutFeedWiring wiring();

    const SessionContext& context_;
    PeerBoard& board_;
    connection::Session session_;
    std::shared_ptr<BulkSender> bulk_;
    storage::PrimaryState state_;
    std::map<SourceName, std::unique_ptr<DatabaseTask>> databases_;
    std::mutex unapplied_mutex_;
    std::map<CutNumber, std::shared_ptr<const CutRecord>> unapplied_;
    ClockOffset offset_;
    BootTime began_;
    std::mutex told_mutex_;
    std::map<SourceName, std::string> told_faults_;
    postgres::WakeEvent resend_stop_;  // set when the session ends
    session::ControlChannel channel_;
    CutFeed feed_;
};

}  // namespace farshore::primary
