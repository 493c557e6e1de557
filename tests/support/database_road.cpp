#include "tests/support/database_road.hpp"

namespace farshore::test {

DatabaseRoad::DatabaseRoad(PostgresServer& primary, PostgresServer& secondary,
                           config::ConflictPolicy conflict) {
    const auto ensure = [](PostgresServer& server, const std::string& name) {
        const std::string exists =
            "SELECT count(*) FROM pg_database WHERE datname = '" + name + "'";
        if (server.value("postgres", exists) == "0") {
            server.create_database(name);
        }
    };
    ensure(primary, "origin");
    ensure(secondary, "replica");
    origin.name = SourceName("app");
    origin.connection = primary.conninfo("origin");
    origin.schemas = {"*"};
    replica = origin;
    replica.conflict = conflict;
    replica.connection = secondary.conninfo("replica");
    root_ = files_.open_root(directory_.path());
    spool_ = std::make_unique<storage::ChangeSpool>(files_, root_, "app");
    applier_ = std::make_unique<secondary::DatabaseApplier>(stream_, replica, *spool_, 32ULL << 20);
}

DatabaseRoad::~DatabaseRoad() {
    disconnect();
}

void DatabaseRoad::connect() {
    const postgres::WakeEvent never;
    // As the agent has it: what counts is what was recorded here, not what the replica says.
    (void)secondary::replica_standing(stream_, replica, never);
    if (standing_.copied) {
        spool_->truncate_to(received_);
    }
    source_error_.reset();
    receiver_error_.reset();
    lane_ = make_lane_pair();
    source_ = std::make_unique<primary::DatabaseSource>(
        stream_, AgentName("west"), origin, clock_,
        primary::DatabaseSourceEvents{
            [this](const primary::StreamPosition& end, const Digest& digest) {
                sent[end.lsn] = digest;
                systems.insert(end.system);
            },
            {},
            {}});
    receiver_ = std::make_unique<secondary::DatabaseReceiver>(stream_, replica, *spool_, 1ULL << 40,
                                                              receiver_events());
    source_thread_ = std::thread([this, standing = standing_] {
        try {
            source_->run(*lane_.first, standing);
        } catch (const Error& error) {
            const std::lock_guard lock(errors_mutex_);
            source_error_ = error;
        }
    });
    receiver_thread_ = std::thread([this, standing = standing_] {
        try {
            receiver_->run(*lane_.second, standing);
        } catch (const Error& error) {
            const std::lock_guard lock(errors_mutex_);
            receiver_error_ = error;
        }
    });
}

secondary::DatabaseReceiverEvents DatabaseRoad::receiver_events() {
    secondary::DatabaseReceiverEvents events;
    events.on_copy_needed = [this](const std::string& reason) {
        copy_needed = reason;
        if (replica.recopy == config::Recopy::manual) {
            return false;
        }
        standing_ = {};
        return true;
    };
    events.on_copy_begin = [this](const DatabaseStanding& standing) {
        standing_ = standing;
        ++copies_begun;
    };
    events.on_copied = [this](const DatabaseStanding& standing) {
        standing_ = standing;
        received_ = applied_ = spool_->end();
        received_lsn_ = standing.received;
    };
    events.on_timeline = [this](std::uint32_t timeline) { standing_.timeline = timeline; };
    return events;
}

void DatabaseRoad::join() {
    if (source_thread_.joinable()) {
        source_thread_.join();
        receiver_->stop();
        lane_.second->close(Error(ErrorCode::connection_lost, "the other end is gone"));
        receiver_thread_.join();
    }
}

void DatabaseRoad::disconnect() {
    if (source_thread_.joinable()) {
        lane_.first->close(Error(ErrorCode::connection_lost, "the test cut the lane"));
        source_->stop();
        join();
    }
}

void DatabaseRoad::restart_secondary() {
    disconnect();
    applier_.reset();
    spool_ = std::make_unique<storage::ChangeSpool>(files_, root_, "app");
    applier_ = std::make_unique<secondary::DatabaseApplier>(stream_, replica, *spool_, 32ULL << 20);
}

void DatabaseRoad::resend(const TableName& table) {
    const postgres::WakeEvent never;
    postgres::Connection connection(origin.connection, never);
    primary::resend_table(connection, stream_, table);
}

std::optional<Error> DatabaseRoad::source_error() const {
    const std::lock_guard lock(errors_mutex_);
    return source_error_;
}

std::optional<Error> DatabaseRoad::receiver_error() const {
    const std::lock_guard lock(errors_mutex_);
    return receiver_error_;
}

void DatabaseRoad::wait_until(const std::function<bool()>& condition, const std::string& what) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(120);
    while (!condition()) {
        if (lane_.first->is_closed() || source_error() || receiver_error()) {
            join();
        }
        if (const auto error = source_error()) {
            throw Error(*error);
        }
        if (const auto error = receiver_error()) {
            throw Error(*error);
        }
        if (std::chrono::steady_clock::now() > deadline) {
            throw Error(ErrorCode::timeout, "waited too long until " + what);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

secondary::ApplyRange DatabaseRoad::cut() {
    wait_until([this] { return source_->is_streaming(); }, "the source streams");
    primary::InsertPosition insert(stream_, origin);
    const Lsn lsn = insert.read().lsn;
    sequences_ = encode_sequences(primary::changed_sequences({}, insert.sequences(), 1ULL << 20));
    return cut_up_to(lsn);
}

secondary::ApplyRange DatabaseRoad::cut_up_to(Lsn lsn) {
    source_->want_position(lsn);
    wait_until([&] { return source_->position() >= lsn; }, "the decoder is past " + to_string(lsn));
    wait_until([&] { return receiver_->position() >= lsn; }, "it has arrived");
    const secondary::ApplyRange range{received_, receiver_->sync(lsn), lsn};
    received_ = range.end;
    received_lsn_ = lsn;
    standing_.received = lsn;
    source_->confirm(lsn);
    return range;
}

void DatabaseRoad::apply_ahead(const std::function<bool()>& may_end) {
    applier_->apply_ahead(applied_, applied_lsn_, may_end);
}

secondary::ApplyCount DatabaseRoad::apply() {
    const secondary::ApplyCount count =
        applier_->apply_up_to({applied_, received_, received_lsn_, sequences_},
                              [this](Lsn end, const Digest& digest) { applied[end] = digest; });
    applied_ = received_;
    applied_lsn_ = received_lsn_;
    spool_->release_up_to(applied_);
    return count;
}

}  // namespace farshore::test
