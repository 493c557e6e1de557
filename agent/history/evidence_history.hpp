#pragma once
// What a checked chain says of time: its marks, and when they were received and applied. In a
// temporary SQLite database, for years of marks are more than a process should hold.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/history/minute_series.hpp"
#include "agent/verification/chain_observer.hpp"
#include "storage/objects/object_store.hpp"
#include "storage/state/sqlite.hpp"

namespace farshore::history {

// A source whose copy had to begin anew: what came between is not covered by any mark.
struct SourceGap {
    SourceName source;
    Timestamp from;
    std::optional<Timestamp> to;  // none: not closed yet
    Epoch epoch;
};

// Records that reached the store long after they were made: until then nobody but the hosts could
// prove what they tell.
struct LateRecords {
    AgentName agent;
    Timestamp from;    // the earliest moment that they tell of
    Timestamp made;    // the latest one
    Timestamp stored;  // when the last of them was in the store, by the store's clock
    std::uint64_t records = 0;
};

struct SecondaryHistory {
    std::uint64_t received = 0;  // marks
    std::uint64_t applied = 0;
    MarkNumber newest_received, newest_applied;  // of its newest epoch
    std::optional<Timestamp> last_received;
};

// What a mark says of time.
struct MarkMoment {
    Epoch epoch;
    MarkNumber mark;
    Timestamp time;
    std::optional<Timestamp> as_of;
    std::string slowest;  // the source whose as_of that is, or that has none
};

class EvidenceHistory final : public verification::ChainObserver {
  public:
    EvidenceHistory();
    void on_record(const std::string& key, const AgentName& agent, Timestamp first,
                   Timestamp last) override;
    void on_epoch(const EpochRecord& record) override;
    void on_mark(const Mark& mark) override;
    void on_received(const Receipt& receipt, const ReceivedMark& received) override;
    void on_applied(const Receipt& receipt, const AppliedMark& applied) override;

    // In the order of time; one of each kind at a time.
    [[nodiscard]] Source<Arrival> received();
    [[nodiscard]] Source<Arrival> applied();

    // What the store says of its objects; from then on late() tells.
    void note_stored(const std::vector<storage::StoredObject>& objects);
    // By agent and time; those that follow each other as one.
    [[nodiscard]] std::vector<LateRecords> late();

    [[nodiscard]] const std::vector<EpochRecord>& epochs() const { return epochs_; }
    [[nodiscard]] const std::vector<ObjectiveChange>& objectives() const { return objectives_; }
    [[nodiscard]] const std::vector<SourceGap>& gaps() const { return gaps_; }
    [[nodiscard]] const std::map<AgentName, SecondaryHistory>& secondaries() const {
        return secondaries_;
    }
    [[nodiscard]] const std::optional<Mark>& newest_mark() const { return newest_; }
    // The last moment that the evidence tells of.
    [[nodiscard]] std::optional<Timestamp> end() const { return end_; }

    // The newest mark that was sealed at or before `moment`, and the newest that had been received.
    [[nodiscard]] std::optional<MarkMoment> sealed_at(Timestamp moment);
    [[nodiscard]] std::optional<MarkMoment> received_at(Timestamp moment);
    [[nodiscard]] std::optional<Timestamp> next_received_after(Timestamp moment);
    // The longest time in [from, to] in which no mark was sealed.
    struct Silence {
        Timestamp after;
        Duration length;
    };
    [[nodiscard]] Silence longest_silence(Timestamp from, Timestamp to);

  private:
    void note_gaps(const Mark& mark);
    void add_arrival(std::string_view table, const Receipt& receipt, MarkNumber mark, Timestamp at,
                     std::optional<Duration> clock_error);
    [[nodiscard]] Source<Arrival> arrivals(const std::string& table);

    storage::Database database_;
    std::vector<EpochRecord> epochs_;
    std::vector<ObjectiveChange> objectives_;
    std::vector<SourceGap> gaps_;
    std::map<AgentName, SecondaryHistory> secondaries_;
    std::map<AgentName, std::optional<Duration>> clock_errors_;  // of each one's last receipt
    std::map<SourceName, bool> has_as_of_;
    std::optional<Mark> newest_;
    std::optional<Timestamp> end_;
};

}  // namespace farshore::history
