#include "agent/secondary/postgres/database_applier.hpp"

#include <algorithm>

#include "agent/runtime/log.hpp"
#include "agent/secondary/postgres/transaction_applier.hpp"
#include "protocol/pgoutput.hpp"

namespace farshore::secondary {

namespace {

constexpr std::size_t reason_bytes = 2'000;

// What row by row, in their order, the changes of a run may not meet.
bool may_be_for_the_order(ErrorCode code) {
    return code == ErrorCode::conflict || code == ErrorCode::ddl_pending ||
           code == ErrorCode::database_refused;
}

}  // namespace

// Goes through a range, again from where it has come to after go_back().
class DatabaseApplier::Pass {
  public:
    Pass(const ApplyRange& range, const OnTransaction& on_transaction)
        : range_(range), on_transaction_(on_transaction), committed_(range.begin) {}

    // Ends at a transaction's end when that is allowed.
    void set_end(const std::function<bool()>* may_end) { may_end_ = may_end; }

    void run(TransactionApplier& target, storage::ChangeSpoolReader reader) {
        target_ = &target;
        ends_ = false;
        const std::uint64_t rows_before = target.rows();
        target.set_sequences(range_.sequences);
        while (!ends_ && reader.next()) {
            take(reader);
        }
        if (in_transaction_) {
            throw Error(ErrorCode::state_damaged, "the spool ends within a transaction");
        }
        const Lsn end = ends_ ? last_end_ : range_.lsn;
        if (end > target.progress()) {
            target.finish(end);
        }
        target.settle_sequences();
        count_.rows += target.rows() - rows_before;
    }
    // All of it is in the replica: it is only told.
    void tell(storage::ChangeSpoolReader reader) {
        while (reader.next()) {
            const std::string_view message = reader.record().message;
            if (!reader.in_range() || !pgoutput::is_digested(message)) {
                continue;
            }
            if (message.front() == pgoutput::begin_tag) {
                (void)digest_.finish();
                is_applied_ = in_transaction_ = true;
            }
            digest_.update(message);
            digest_rest(reader);
            if (message.front() == pgoutput::commit_tag) {
                const auto commit = pgoutput::decode(message).take();
                end_transaction(std::get<pgoutput::Commit>(commit).end_lsn);
            }
        }
    }
    [[nodiscard]] bool ended_early() const { return ends_; }
    // A run of changes was refused: what was not committed comes again, in its order.
    void go_back() {
        in_order_up_to_ = last_begun_;
        in_transaction_ = false;
    }
    // In the spool, behind what is committed.
    [[nodiscard]] storage::SpoolPosition position() const { return committed_; }
    [[nodiscard]] const ApplyCount& count() const { return count_; }

  private:
    // Of a large record: what of it was not read.
    void digest_rest(storage::ChangeSpoolReader& reader) {
        for (auto more = reader.more(); !more.empty(); more = reader.more()) {
            digest_.update(more);
        }
    }

    void take(storage::ChangeSpoolReader& reader) {
        const ChangeRecord& record = reader.record();
        const char tag = record.message.front();
        if (tag == pgoutput::relation_tag) {
            target_->learn(record.message);
        } else if (reader.in_range() && tag != pgoutput::type_tag) {
            take_change(reader);
        }
    }

    void take_large(storage::ChangeSpoolReader& reader) {
        const ChangeRecord& record = reader.record();
        digest_.update(record.message);
        if (in_transaction_ && !is_applied_) {
            const auto more = [&] {
                const std::string_view bytes = reader.more();
                digest_.update(bytes);
                return bytes;
            };
            target_->apply_large(record.message, more, record.lsn);
        }
        digest_rest(reader);
    }

    void take_change(storage::ChangeSpoolReader& reader) {
        if (reader.is_large()) {
            take_large(reader);
            return;
        }
        const ChangeRecord& record = reader.record();
        const pgoutput::Message message = pgoutput::decode(record.message).take();
        if (const auto* begin = std::get_if<pgoutput::Begin>(&message)) {
            begin_transaction(begin->final_lsn);
        }
        if (on_transaction_) {
            digest_.update(record.message);
        }
        if (const auto* commit = std::get_if<pgoutput::Commit>(&message)) {
            end_transaction(commit->end_lsn);
            if (commit->end_lsn <= target_->progress()) {
                committed_ = reader.position();
            }
        } else if (in_transaction_ && !is_applied_) {
            target_->apply(message, record.lsn);
        }
    }

    void begin_transaction(Lsn final_lsn) {
        (void)digest_.finish();
        in_transaction_ = true;
        // Its end is behind the commit record's begin, progress is never within a record.
        is_applied_ = final_lsn < target_->progress();
        target_->begin_transaction(final_lsn);
        last_begun_ = final_lsn;
        target_->set_order(final_lsn <= in_order_up_to_ ? ApplyOrder::as_it_came
                                                        : ApplyOrder::by_table);
    }

    void end_transaction(Lsn commit_end) {
        if (!in_transaction_ || commit_end > range_.lsn) {
            throw Error(ErrorCode::state_damaged,
                        "the spool holds a transaction that ends at " + to_string(commit_end) +
                            " in a cut that ends at " + to_string(range_.lsn));
        }
        in_transaction_ = false;
        last_end_ = commit_end;
        if (!is_applied_) {
            target_->end_transaction(commit_end);
        }
        ends_ = may_end_ != nullptr && (*may_end_)();
        if (commit_end <= told_) {
            return;
        }
        told_ = commit_end;
        ++count_.transactions;
        if (on_transaction_) {
            on_transaction_(commit_end, digest_.finish());
        }
    }

    TransactionApplier* target_ = nullptr;
    const ApplyRange& range_;
    const OnTransaction& on_transaction_;
    storage::SpoolPosition committed_;
    Sha256 digest_;
    bool in_transaction_ = false;
    bool is_applied_ = false;  // by an earlier run
    const std::function<bool()>* may_end_ = nullptr;
    bool ends_ = false;
    Lsn last_end_;
    Lsn last_begun_;  // where its commit record begins
    Lsn in_order_up_to_;
    Lsn told_;
    ApplyCount count_;
};

DatabaseApplier::DatabaseApplier(StreamName stream, config::Database database,
                                 storage::ChangeSpool& spool, std::uint64_t gathered_bytes)
    : stream_(std::move(stream)),
      database_(std::move(database)),
      spool_(spool),
      gathered_bytes_(gathered_bytes) {}

DatabaseApplier::~DatabaseApplier() = default;

Lsn DatabaseApplier::progress() const {
    return target_ ? target_->progress() : Lsn();
}

ApplyCount DatabaseApplier::apply_up_to(const ApplyRange& range,
                                        const OnTransaction& on_transaction) {
    forget_session();
    Pass pass(range, on_transaction);
    if (target_ && range.lsn <= target_->progress()) {
        pass.tell(spool_.reader(range.begin, range.end, storage::SpoolContext::known));
        follow_sequences(range.sequences);
    } else {
        apply_whole(pass, range.end);
    }
    return pass.count();
}

// The rows were applied ahead of their cut, which alone tells of sequences.
void DatabaseApplier::follow_sequences(const std::string& sequences) {
    try {
        target_->set_sequences(sequences);
    } catch (const Error&) {
        target_.reset();  // the connection
        throw;
    }
}

void DatabaseApplier::apply_ahead(storage::SpoolPosition applied_end, Lsn applied,
                                  const std::function<bool()>& may_end) {
    forget_session();
    const Lsn last = spool_.last_commit();
    const Lsn done = std::max(applied, target_ ? target_->progress() : Lsn());
    if (last <= done) {
        return;
    }
    const OnTransaction nobody;
    const ApplyRange range{
        .begin = std::max(applied_end, target_ ? spool_.position_at(done) : applied_end),
        .end = spool_.position_at(last),
        .lsn = last};
    Pass pass(range, nobody);
    pass.set_end(&may_end);
    apply_whole(pass, range.end);
    if (pass.ended_early()) {
        known_up_to_ = {};
    }
}

// What was read before may come again, at other places; and a copy may have come, perhaps of
// another cluster: then the replica is elsewhere than it was left.
void DatabaseApplier::forget_session() {
    const std::uint64_t session = spool_.session();
    if (session != session_) {
        // A first copy may have come in between: what is known of the replica is of before.
        target_.reset();
        known_up_to_ = {};
        session_ = session;
        wishes_ = {};
        publish(std::nullopt);
    }
}

void DatabaseApplier::apply_whole(Pass& pass, storage::SpoolPosition end) {
    while (true) {
        try {
            go_through(pass, end);
            return;
        } catch (const Error& error) {
            const bool again =
                target_ && target_->failed_run() && may_be_for_the_order(error.code());
            const bool without_table = !again && leave_out(error);
            if (again) {
                order_.keep(*target_->failed_run());
            }
            if (again || without_table) {
                pass.go_back();
            }
            // The connection, and with it the open transaction.
            target_.reset();
            known_up_to_ = {};
            publish(std::nullopt);
            if (!again && !without_table) {
                throw;
            }
        }
    }
}

void DatabaseApplier::go_through(Pass& pass, storage::SpoolPosition end) {
    open_target();
    // What lies before known_up_to_ is in the replica: its rows need no relation, and what it says
    // of relations comes once more.
    const auto context = pass.position() <= known_up_to_ ? storage::SpoolContext::known
                                                         : storage::SpoolContext::wanted;
    known_up_to_ = {};
    pass.run(*target_, spool_.reader(pass.position(), end, context));
    known_up_to_ = end;
    publish(target_->set_aside());
}

void DatabaseApplier::open_target() {
    if (!target_) {
        target_ = std::make_unique<TransactionApplier>(stream_, database_, stop_, order_, wishes_,
                                                       gathered_bytes_);
    }
    // However long it is open: what was expected may be known only since.
    if (target_->progress() < expected_) {
        throw Error(ErrorCode::replica_altered,
                    "replica " + database_.name.str() + " is at " + to_string(target_->progress()) +
                        " and had been at " + to_string(expected_) +
                        ": it was put back to an older state, and what it lacks is not here any "
                        "more");
    }
}

// What was met row by row, in the order of the primary, is met again however often it is tried.
bool DatabaseApplier::leave_out(const Error& error) {
    if (!target_ || !may_be_for_the_order(error.code())) {
        return false;
    }
    if (const auto& copy = target_->failed_copy()) {
        log::warning("{}: the new copy of table {}.{} can't be taken: {}", database_.name.str(),
                     copy->table.schema, copy->table.table, error.message());
        wishes_.left_copies.insert({copy->table, copy->commit});
        wishes_.notes[copy->table] = plain_reason(error.message(), reason_bytes);
        return true;
    }
    const auto change = target_->failed_change();
    if (database_.conflict != config::ConflictPolicy::quarantine || !change ||
        wishes_.tables.contains(change->first)) {
        return false;
    }
    log::warning("{}: table {}.{} is set aside: {}", database_.name.str(), change->first.schema,
                 change->first.table, error.message());
    wishes_.tables[change->first] = {
        .lsn = change->second, .reason = plain_reason(error.message(), reason_bytes), .note = ""};
    return true;
}

std::optional<SetAsideTables> DatabaseApplier::set_aside() const {
    const std::lock_guard lock(mutex_);
    return set_aside_;
}

void DatabaseApplier::publish(const std::optional<SetAsideTables>& tables) {
    const std::lock_guard lock(mutex_);
    set_aside_ = tables;
}

void DatabaseApplier::learn_set_aside() {
    forget_session();
    if (set_aside()) {
        return;
    }
    try {
        open_target();
        publish(target_->set_aside());
    } catch (const Error&) {
        target_.reset();
        throw;
    }
}

}  // namespace farshore::secondary
