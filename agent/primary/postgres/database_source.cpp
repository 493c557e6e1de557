#include "agent/primary/postgres/database_source.hpp"

#include "agent/postgres/sql_error.hpp"
#include "agent/primary/postgres/change_stream.hpp"
#include "agent/primary/postgres/database_setup.hpp"
#include "agent/primary/postgres/first_copy.hpp"
#include "agent/primary/postgres/object_names.hpp"
#include "agent/primary/postgres/publication.hpp"
#include "agent/primary/postgres/slot_check.hpp"

namespace farshore::primary {

namespace {

constexpr int attempts = 25;
constexpr auto pause = Duration::from_ms(200);

// A walsender that served us before may not have noticed yet that we are gone.
template <typename F>
void when_free(const postgres::WakeEvent& stop, F&& deed) {
    for (int attempt = 1;; ++attempt) {
        try {
            deed();
            return;
        } catch (const Error& error) {
            const bool in_use = error.message().find("is active") != std::string::npos;
            if (!in_use || attempt == attempts || stop.wait(pause)) {
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
                   " AND slot_name <> $2 AND database = current_database()",
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
    Lsn from = standing.received;
    if (standing.copied) {
        require_no_gap(standing, system, read_slot(ordinary, slot),
                       Publication(ordinary, publication).exists());
        prepare_database(ordinary, stream_, database_, false);
    } else {
        prepare_database(ordinary, stream_, database_, !streams_to_others(ordinary, stream_, slot));
        when_free(state_.stop, [&] { replication.drop_slot(slot); });
        const CreatedSlot created = replication.create_slot(slot);
        const auto on_copy = [this](const CopyProgress& progress) {
            if (events_.on_copy) {
                events_.on_copy(progress);
            }
        };
        FirstCopy({database_.connection, publication, created, system}, lane, state_.stop, on_copy)
            .run();
        from = created.consistent;
    }
    const Duration status_interval = replication.status_interval();
    replication.set_memory(database_.slot_memory_bytes);
    when_free(state_.stop, [&] { replication.start(slot, publication, from); });
    system_ = system.identifier;
    state_.confirmed.store(from.value());
    state_.position.store(from.value());
    state_.streaming.store(true);
    if (events_.on_position) {
        events_.on_position();
    }
    ChangeStream({replication, ordinary, lane, clock_, state_, events_}, status_interval).run(from);
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
