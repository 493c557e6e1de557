#include "agent/primary/database_watch.hpp"

#include <chrono>

#include "agent/runtime/log.hpp"

namespace farshore::primary {

namespace {

// How often slots are looked at, and how many of those looks go to the catalogue as well.
constexpr Duration look_interval = Duration::from_ms(1'000);
constexpr int coverage_every = 30;
// So many sequences are read for every cut, more of them for marks only.
constexpr std::size_t few_sequences = 300;

}  // namespace

DatabaseWatch::DatabaseWatch(const StreamName& stream, const config::Database& database,
                             std::vector<AgentName> peers, Clock& clock, OnGap on_gap)
    : name_(database.name),
      peers_(std::move(peers)),
      clock_(clock),
      on_gap_(std::move(on_gap)),
      server_(stream, database) {}

void DatabaseWatch::run(const runtime::StopToken& stop) {
    const std::stop_callback ends(stop, [this] { server_.stop(); });
    int looks = 0;
    BootTime next_look;
    while (!stop.stop_requested()) {
        answer(stop);
        if (clock_.boot_now() >= next_look) {
            look(looks++ % coverage_every == 0);
            next_look = clock_.boot_now() + look_interval;
        }
        const Duration left = next_look - clock_.boot_now();
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, stop, std::chrono::nanoseconds(left.nanoseconds),
                          [this] { return asked_ > answered_; });
    }
}

void DatabaseWatch::answer(const runtime::StopToken& stop) {
    std::uint64_t serving = 0;
    bool with_sequences = false;
    {
        const std::lock_guard lock(mutex_);
        if (asked_ == answered_) {
            return;
        }
        serving = asked_;
        with_sequences = with_sequences_ || sequences_are_few_;
    }
    std::optional<StreamPosition> read;
    std::optional<Error> fault;
    std::shared_ptr<const SequenceMap> sequences;
    try {
        const InsertPosition::LogEnd end = server_.read();
        read = StreamPosition{.system = end.system, .lsn = end.lsn};
        if (with_sequences) {
            sequences = read_sequences();
        }
    } catch (const Error& error) {
        fault = error;
    }
    if (stop.stop_requested()) {
        return;
    }
    const std::lock_guard lock(mutex_);
    answered_ = serving;
    position_ = read;
    sequences_ = sequences ? sequences : sequences_;
    facts_.fault = fault;
    changed_.notify_all();
}

// Null when they can't be read: then that is what is said, and the rows go on without them.
std::shared_ptr<const SequenceMap> DatabaseWatch::read_sequences() {
    try {
        auto values = std::make_shared<const SequenceMap>(server_.sequences());
        sequences_are_few_ = values->size() <= few_sequences;
        const std::lock_guard lock(mutex_);
        sequences_fault_.clear();
        return values;
    } catch (const Error& error) {
        const std::lock_guard lock(mutex_);
        if (sequences_fault_ != error.message()) {
            log::warning("{}: the sequences can't be read: {}", name_.str(), error.message());
        }
        sequences_fault_ = error.message();
        return nullptr;
    }
}

void DatabaseWatch::look(bool at_coverage) {
    try {
        const ServerIdentity identity = server_.identity();
        rate_.add(server_.read().lsn, clock_.boot_now());
        std::map<AgentName, SlotFacts> slots;
        for (const AgentName& peer : peers_) {
            slots[peer] = look_at_slot(peer);
        }
        {
            const std::lock_guard lock(mutex_);
            facts_.identity = identity;
            facts_.slots = std::move(slots);
        }
        server_.adopt_tables();
        std::optional<std::vector<std::string>> uncovered;
        if (at_coverage) {
            uncovered = server_.uncovered();
        }
        const std::lock_guard lock(mutex_);
        if (uncovered) {
            facts_.uncovered = std::move(*uncovered);
        }
        look_fault_.reset();
    } catch (const Error& error) {
        const std::lock_guard lock(mutex_);
        look_fault_ = error;
    }
}

SlotFacts DatabaseWatch::look_at_slot(const AgentName& peer) {
    SlotFacts slot = server_.slot(peer);
    slot.time_left = time_left(slot, rate_.bytes_a_second());
    if (slot.wal_status == "lost") {
        on_gap_(peer,
                "the server has removed log that the replication slot needs (wal_status lost)");
    } else if (is_over_limit(slot)) {
        const std::string reason = "the replication slot kept " +
                                   std::to_string(slot.retained_bytes) +
                                   " bytes of log, slot_limit is " +
                                   std::to_string(slot.limit_bytes) + ": it was given up";
        log::error("database {}: slot of {}: {}", name_.str(), peer.str(), reason);
        on_gap_(peer, reason);
        server_.give_up(peer);
        slot = server_.slot(peer);
    }
    return slot;
}

void DatabaseWatch::ask_position(bool with_sequences) {
    const std::lock_guard lock(mutex_);
    with_sequences_ = with_sequences;
    ++asked_;
    changed_.notify_all();
}

std::optional<StreamPosition> DatabaseWatch::position(Duration timeout) {
    std::unique_lock lock(mutex_);
    const bool answered = changed_.wait_for(lock, std::chrono::nanoseconds(timeout.nanoseconds),
                                            [this] { return answered_ == asked_; });
    return answered ? position_ : std::nullopt;
}

std::shared_ptr<const SequenceMap> DatabaseWatch::sequences() const {
    const std::lock_guard lock(mutex_);
    return sequences_;
}

DatabaseFacts DatabaseWatch::facts() const {
    const std::lock_guard lock(mutex_);
    DatabaseFacts facts = facts_;
    if (!facts.fault) {
        facts.fault = look_fault_;
    }
    if (!sequences_fault_.empty()) {
        facts.uncovered.push_back("the values of sequences: " + sequences_fault_);
    }
    return facts;
}

}  // namespace farshore::primary
