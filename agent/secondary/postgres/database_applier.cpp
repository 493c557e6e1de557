#include "agent/secondary/postgres/database_applier.hpp"

#include "agent/secondary/postgres/transaction_applier.hpp"
#include "protocol/pgoutput.hpp"

namespace farshore::secondary {

// Goes once through a range.
class DatabaseApplier::Pass {
  public:
    Pass(TransactionApplier& target, const ApplyRange& range, const OnTransaction& on_transaction)
        : target_(target), range_(range), on_transaction_(on_transaction) {}

    ApplyCount run(storage::ChangeSpoolReader reader) {
        const std::uint64_t rows_before = target_.rows();
        while (reader.next()) {
            take(reader.record(), reader.in_range());
        }
        if (in_transaction_) {
            throw Error(ErrorCode::state_damaged, "the spool ends within a transaction");
        }
        if (range_.lsn > target_.progress()) {
            target_.finish(range_.lsn);
        }
        count_.rows = target_.rows() - rows_before;
        return count_;
    }

  private:
    void take(const ChangeRecord& record, bool in_range) {
        const char tag = record.message.front();
        if (tag == pgoutput::relation_tag) {
            target_.learn(record.message);
        } else if (in_range && tag != pgoutput::type_tag) {
            take_change(record);
        }
    }

    void take_change(const ChangeRecord& record) {
        const pgoutput::Message message = pgoutput::decode(record.message).take();
        if (const auto* begin = std::get_if<pgoutput::Begin>(&message)) {
            (void)digest_.finish();
            in_transaction_ = true;
            // Its end is behind the commit record's begin, progress is never within a record.
            is_applied_ = begin->final_lsn < target_.progress();
        }
        digest_.update(record.message);
        if (const auto* commit = std::get_if<pgoutput::Commit>(&message)) {
            end_transaction(commit->end_lsn);
        } else if (in_transaction_ && !is_applied_) {
            target_.apply(message, record.lsn);
        }
    }

    void end_transaction(Lsn commit_end) {
        if (!in_transaction_ || commit_end > range_.lsn) {
            throw Error(ErrorCode::state_damaged,
                        "the spool holds a transaction that ends at " + to_string(commit_end) +
                            " in a cut that ends at " + to_string(range_.lsn));
        }
        in_transaction_ = false;
        ++count_.transactions;
        if (!is_applied_) {
            target_.end_transaction(commit_end);
        }
        if (on_transaction_) {
            on_transaction_(commit_end, digest_.finish());
        }
    }

    TransactionApplier& target_;
    const ApplyRange& range_;
    const OnTransaction& on_transaction_;
    Sha256 digest_;
    bool in_transaction_ = false;
    bool is_applied_ = false;  // by an earlier run
    ApplyCount count_;
};

DatabaseApplier::DatabaseApplier(StreamName stream, config::Database database,
                                 storage::ChangeSpool& spool)
    : stream_(std::move(stream)), database_(std::move(database)), spool_(spool) {}

DatabaseApplier::~DatabaseApplier() = default;

ApplyCount DatabaseApplier::apply_up_to(const ApplyRange& range,
                                        const OnTransaction& on_transaction) {
    try {
        if (!target_) {
            target_ = std::make_unique<TransactionApplier>(stream_, database_, stop_);
        }
        const auto context = range.begin == known_up_to_ ? storage::SpoolContext::known
                                                         : storage::SpoolContext::wanted;
        known_up_to_ = {};
        const ApplyCount count = Pass(*target_, range, on_transaction)
                                     .run(spool_.reader(range.begin, range.end, context));
        known_up_to_ = range.end;
        return count;
    } catch (const Error&) {
        // The connection, and with it the open transaction.
        target_.reset();
        known_up_to_ = {};
        throw;
    }
}

}  // namespace farshore::secondary
