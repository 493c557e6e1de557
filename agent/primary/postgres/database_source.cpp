#include "agent/primary/postgres/database_source.hpp"

#include "agent/postgres/sql_error.hpp"
#include "agent/primary/postgres/change_stream.hpp"
#include "agent/primary/postgres/database_setup.hpp"
#include "agent/primary/postgres/first_copy.hpp"
#include "agent/primary/postgres/object_names.hpp"
#include "agent/primary/postgres/publication.hpp"
#include "agent/primary/postgres/slot_check.hpp"
#include "protocol/assert.hpp"
#include "protocol/message_database.hpp"

namespace farshore::primary {

namespace {

constexpr int slot_attempts = 25;
constexpr auto slot_pause = Duration::from_ms(200);

// A walsender that served us before may not have noticed yet that we are gone.
template <typename F>
void when_free(const postgres::WakeEvent& stop, F&& deed) {
    for (int attempt = 1;; ++attempt) {
        try {
            deed();
            return;
        } catch (const Error& error) {
            const bool in_use = error.message().find("is active") != std::string::npos;
            if (!in_use || attempt == slot_attempts || stop.wait(slot_pause)) {
                throw;
            }
        }
    }
}

bool streams_to_others(postgres::Connection& connection, const StreamName& stream,
                       const std::string& own_slot) {
    const std::string prefix = slot_prefix(stream);
    return connection
               .execute(
                   "SELECT FROM pg_replication_slots WHERE starts_with(slot_name, $1)"
                   " AND slot_name <> $2 AND database = current_database() AND NOT temporary",
                   {prefix, own_slot})
               .rows() > 0;
}

}  // namespace

DatabaseSource::DatabaseSource(StreamName stream, AgentName peer, config::Database database,
                               Clock& clock, DatabaseSourceEvents events)
    : stream_(std::move(stream)),
      peer_(std::move(peer)),
      database_(std::move(database)),
      clock_(clock),
      events_(std::move(events)) {}

void DatabaseSource::run(connection::Lane& lane, const DatabaseStanding& standing) {
    try {
        serve(lane, standing);
    } catch (const Error&) {
        state_.streaming.store(false);
        if (!state_.stop.is_set()) {
            throw;
        }
    }
    state_.streaming.store(false);
}

void DatabaseSource::serve(connection::Lane& lane, const DatabaseStanding& standing) {
    const std::string slot = slot_name(stream_, peer_);
    const std::string publication = publication_name(stream_);
    postgres::Connection ordinary(database_.connection, state_.stop);
    ordinary.execute("SET synchronous_commit = local");
    check_database(ordinary, {slot});
    ReplicationConnection replication(database_.connection, state_.stop);
    const SystemFacts system = replication.identify();
    Start start{standing.received, standing.whole_from};
    if (standing.copied) {
        require_no_gap(gap_behind(ordinary, replication, standing, system), lane);
        prepare_database(ordinary, stream_, database_, false);
        if (standing.timeline != system.timeline) {
            lane.send(to_frame(DatabaseTimeline{system.timeline}));
        }
    } else {
        std::optional<Start> going_on;
        if (!standing.received.is_zero() && !gap_behind(ordinary, replication, standing, system)) {
            going_on = go_on_copying(ordinary, lane, standing, system);
        }
        start = going_on ? *going_on : copy(ordinary, replication, lane, system);
    }
    const Duration status_interval = replication.status_interval();
    replication.set_memory(database_.slot_memory_bytes);
    when_free(state_.stop, [&] { replication.start(slot, publication, start.from); });
    system_ = system.identifier;
    state_.confirmed.store(start.from.value());
    state_.position.store(start.from.value());
    state_.whole_from.store(start.whole_from.value());
    ChangeStream({replication, ordinary, lane, clock_, state_, events_, system_}, status_interval)
        .run(start.from);
}

std::optional<Error> DatabaseSource::gap_behind(postgres::Connection& ordinary,
                                                ReplicationConnection& replication,
                                                const DatabaseStanding& standing,
                                                const SystemFacts& system) const {
    std::map<std::uint32_t, Lsn> forks;
    if (standing.timeline != system.timeline && system.timeline > 1) {
        forks = parse_timeline_history(replication.timeline_history(system.timeline));
    }
    return find_gap(standing, system, forks, read_slot(ordinary, slot_name(stream_, peer_)),
                    Publication(ordinary, publication_name(stream_)).exists());
}

void DatabaseSource::require_no_gap(const std::optional<Error>& gap, connection::Lane& lane) const {
    if (!gap) {
        return;
    }
    // The secondary lets go of what it holds and comes again, for a first copy.
    if (database_.recopy == config::Recopy::automatic) {
        lane.send(to_frame(CopyNeeded{gap->message()}));
    }
    throw Error(*gap);
}

void DatabaseSource::on_copy(const CopyProgress& progress) const {
    if (events_.on_copy) {
        events_.on_copy(progress);
    }
}

DatabaseSource::Start DatabaseSource::copy(postgres::Connection& ordinary,
                                           ReplicationConnection& replication,
                                           connection::Lane& lane, const SystemFacts& system) {
    const std::string slot = slot_name(stream_, peer_);
    prepare_database(ordinary, stream_, database_, !streams_to_others(ordinary, stream_, slot));
    when_free(state_.stop, [&] { replication.drop_slot(slot); });
    const CreatedSlot created = replication.create_slot(slot);
    const CopySource source{database_.connection, publication_name(stream_), created.consistent,
                            created, system};
    FirstCopy copy(source, lane, state_.stop,
                   [this](const CopyProgress& progress) { on_copy(progress); });
    FARSHORE_ASSERT(copy.run());
    return {created.consistent, created.consistent};
}

// The stream goes on where it began, the tables that are left are copied in a snapshot of now.
std::optional<DatabaseSource::Start> DatabaseSource::go_on_copying(postgres::Connection& ordinary,
                                                                   connection::Lane& lane,
                                                                   const DatabaseStanding& standing,
                                                                   const SystemFacts& system) {
    prepare_database(ordinary, stream_, database_, false);
    ReplicationConnection exporting(database_.connection, state_.stop);
    const CreatedSlot snapshot = exporting.create_temporary_slot();
    const CopySource source{database_.connection, publication_name(stream_), standing.received,
                            snapshot, system};
    FirstCopy copy(source, lane, state_.stop,
                   [this](const CopyProgress& progress) { on_copy(progress); });
    if (!copy.run()) {
        return std::nullopt;
    }
    return Start{standing.received, snapshot.consistent};
}

void DatabaseSource::stop() {
    state_.stop.set();
}

bool DatabaseSource::is_streaming() const {
    return state_.streaming.load();
}

Lsn DatabaseSource::position() const {
    return Lsn(state_.position.load());
}

void DatabaseSource::want_position(Lsn lsn) {
    state_.wanted.store(lsn.value());
    state_.wake.set();
}

void DatabaseSource::confirm(Lsn lsn) {
    state_.confirmed.store(lsn.value());
    state_.wake.set();
}

}  // namespace farshore::primary
