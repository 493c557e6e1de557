#include "agent/secondary/postgres/transaction_applier.hpp"

#include <algorithm>
#include <utility>

#include "agent/secondary/postgres/copy_record.hpp"
#include "agent/secondary/postgres/large_values.hpp"
#include "agent/secondary/postgres/replica_sequences.hpp"
#include "agent/secondary/postgres/row_statement.hpp"

namespace farshore::secondary {

namespace {

// So much of it is rolled back when the server goes away in the middle.
constexpr std::uint64_t group_changes_limit = 50'000;
// On an idle stream farshore.progress is moved once in a segment of the primary's log, not with
// every mark.
constexpr std::uint64_t idle_step_bytes = 16ULL << 20;

// What is read of a DDL statement is the whole text that it was in.
constexpr std::size_t ddl_bytes_limit = 16ULL << 20;

constexpr std::string_view own_schema = "farshore";

constexpr const char* lock_progress =
    "SELECT lsn FROM farshore.progress WHERE stream = $1 AND database = $2 AND copied FOR UPDATE";
constexpr const char* move_progress =
    "UPDATE farshore.progress SET lsn = $3::pg_lsn WHERE stream = $1 AND database = $2";

Lsn committed_progress(postgres::Connection& connection, const StreamName& stream,
                       const SourceName& database) {
    const auto progress = read_progress(connection, stream, database);
    if (!progress || !progress->copied) {
        throw Error(ErrorCode::replica_altered,
                    "farshore.progress of replica " + database.str() +
                        " is gone, and with it what the database holds: make the replica's "
                        "database anew, empty, and drop this replica's slot on the primary while "
                        "its agent is stopped; then all of it is copied anew");
    }
    return progress->lsn;
}

std::string whole_ddl(std::string_view first, const NextBytes& more, Lsn lsn) {
    std::string whole(first);
    for (auto bytes = more(); !bytes.empty(); bytes = more()) {
        if (whole.size() + bytes.size() > ddl_bytes_limit) {
            throw Error(ErrorCode::too_large,
                        "a DDL statement at LSN " + to_string(lsn) +
                            " came in one text of more than " +
                            std::to_string(ddl_bytes_limit >> 20U) +
                            " MiB, which is not applied: the database must be copied anew");
        }
        whole.append(bytes);
    }
    return whole;
}

}  // namespace

TransactionApplier::TransactionApplier(const StreamName& stream, const config::Database& database,
                                       const postgres::WakeEvent& stop, OrderMemory& order,
                                       SetAsideWishes& wishes, std::uint64_t gathered_bytes)
    : stream_(stream),
      database_(database.name),
      catalogue_(database.connection, stop),
      connection_(database.connection, stop),
      progress_(committed_progress(catalogue_, stream, database.name)),
      gate_(read_table_standings(catalogue_, stream, database.name)),
      aside_((prepare_set_aside(catalogue_), read_set_aside(catalogue_, stream, database.name))),
      wishes_(wishes),
      pipeline_((connection_.execute("SET session_replication_role = replica"),
                 connection_.execute("SET synchronous_commit = local"),
                 // What is missing is told by name: where it may be set, the name is found by it.
                 (void)connection_.attempt("SET lc_messages = 'C'"),
                 connection_.execute("SET jit = off"), connection_)),
      ddl_(connection_, catalogue_),
      gathered_bytes_(gathered_bytes),
      writer_(connection_, pipeline_),
      order_(order) {
    aside_.add(wishes_.tables);
}

void TransactionApplier::learn(std::string_view relation_message) {
    const auto message = pgoutput::decode(relation_message).take();
    const auto& relation = std::get<pgoutput::Relation>(message);
    const std::uint32_t id = relation.id;
    own_.erase(id);
    if (relation.schema == own_schema) {
        const auto command =
            std::find_if(relation.columns.begin(), relation.columns.end(),
                         [](const pgoutput::Column& column) { return column.name == "command"; });
        own_[id] = relation.name == "ddl"
                       ? static_cast<std::size_t>(command - relation.columns.begin())
                       : relation.columns.size();
    }
    std::string& known = relations_[id];
    if (known != relation_message) {
        // All: a table that was made anew has a new id and the same name.
        write_runs();
        runs_.erase(id);
        known = relation_message;
        tables_.erase(id);
        gate_.learn(std::get<pgoutput::Relation>(message));
        aside_.learn(std::get<pgoutput::Relation>(message));
    }
}

const ReplicaTable& TransactionApplier::table(std::uint32_t relation) {
    const auto found = tables_.find(relation);
    if (found != tables_.end()) {
        return found->second;
    }
    const auto described = relations_.find(relation);
    if (described == relations_.end()) {
        throw Error(ErrorCode::malformed, "a change of a relation that was never described");
    }
    const auto message = pgoutput::decode(described->second).take();
    const auto& source = std::get<pgoutput::Relation>(message);
    ReplicaTable made;
    if (group_has_ddl_) {
        pipeline_.outside([&] { made = describe_table(connection_, source); });
    } else {
        made = describe_table(catalogue_, source);
    }
    return tables_.emplace(relation, std::move(made)).first->second;
}

void TransactionApplier::apply(const pgoutput::Message& change, Lsn lsn) {
    const auto is_taken = [&](std::uint32_t relation) {
        if (!aside_.admits(relation)) {
            leave_out(relation, change, lsn);
        }
        return admits(relation);
    };
    if (is_own(change)) {
        take_own(change, lsn);
    } else if (const auto* row = std::get_if<pgoutput::Insert>(&change)) {
        if (is_taken(row->relation)) {
            insert(*row, lsn);
        }
    } else if (const auto* changed = std::get_if<pgoutput::Update>(&change)) {
        if (is_taken(changed->relation)) {
            update(*changed, lsn);
        }
    } else if (const auto* removed = std::get_if<pgoutput::Delete>(&change)) {
        if (is_taken(removed->relation)) {
            remove(*removed, lsn);
        }
    } else if (const auto* emptied = std::get_if<pgoutput::Truncate>(&change)) {
        truncate(*emptied, lsn);
    }
}

// By itself, with its large values in a table of the session: nothing here grows with them.
void TransactionApplier::apply_large(std::string_view first, const NextBytes& more, Lsn lsn) {
    const std::uint32_t relation = LargeChange::relation_of(first);
    if (own_.contains(relation)) {
        const std::string whole = whole_ddl(first, more, lsn);
        apply(pgoutput::decode(whole).take(), lsn);
        return;
    }
    if (!admits(relation)) {
        return;
    }
    open_group();
    write_runs();
    std::optional<LargeChange> change;
    bool has_stored = false;
    pipeline_.outside([&] {
        LargeValues values(connection_);
        change.emplace(
            [&] { return first.empty() ? more() : std::exchange(first, std::string_view()); },
            values);
        has_stored = values.finish();
    });
    const ApplyOrder order = std::exchange(order_now_, ApplyOrder::as_it_came);
    apply(change->message(), lsn);
    order_now_ = order;
    if (has_stored) {
        pipeline_.run(forget_large_values);
    }
    pipeline_.finish();
}

bool TransactionApplier::is_own(const pgoutput::Message& change) const {
    if (own_.empty()) {
        return false;
    }
    const auto has = [this](std::uint32_t relation) { return own_.contains(relation); };
    if (const auto* row = std::get_if<pgoutput::Insert>(&change)) {
        return has(row->relation);
    }
    if (const auto* changed = std::get_if<pgoutput::Update>(&change)) {
        return has(changed->relation);
    }
    if (const auto* removed = std::get_if<pgoutput::Delete>(&change)) {
        return has(removed->relation);
    }
    const auto* emptied = std::get_if<pgoutput::Truncate>(&change);
    return emptied != nullptr &&
           std::any_of(emptied->relations.begin(), emptied->relations.end(), has);
}

// What is prepared or known of tables may be otherwise afterwards. The group ends with this
// transaction: an enum's new value may be used only after its commit.
void TransactionApplier::take_own(const pgoutput::Message& change, Lsn lsn) {
    const auto* row = std::get_if<pgoutput::Insert>(&change);
    if (row == nullptr || own_.at(row->relation) >= row->row.size()) {
        return;
    }
    const DdlCommand command = parse_ddl_command(row->row[own_.at(row->relation)].bytes);
    if (command.rows.only_if_set_aside) {
        take_copy(command.rows);
    } else {
        take_ddl(command, lsn);
    }
}

void TransactionApplier::take_ddl(const DdlCommand& command, Lsn lsn) {
    open_group();
    write_runs();
    runs_.clear();
    pipeline_.outside([&] {
        const std::vector<std::string> before =
            aside_.empty() ? std::vector<std::string>()
                           : set_aside_relations(connection_, stream_, database_);
        ddl_.apply(command, lsn);
        forget_copied_schema(connection_, stream_, database_);
        if (!before.empty()) {
            aside_.replace(follow_set_aside(connection_, stream_, database_, before));
        }
    });
    pipeline_.forget_prepared();
    tables_.clear();
    group_has_ddl_ = true;
    sequences_moved_ = true;
}

// The lock keeps out what an earlier run of this agent may still have under way: its commit is seen
// here, or has never happened.
void TransactionApplier::open_group() {
    if (group_is_open_) {
        return;
    }
    pipeline_.run("BEGIN");
    const postgres::Answer answer = pipeline_.ask(lock_progress, {stream_.str(), database_.str()});
    Lsn found;
    if (answer.rows() != 1 || !parse_lsn(answer.text(0, 0), found) || found != progress_) {
        throw Error(ErrorCode::database_unavailable,
                    "farshore.progress of replica " + database_.str() + " is at " +
                        (answer.rows() == 1 ? std::string(answer.text(0, 0)) : "no row") +
                        " and was left at " + to_string(progress_) + ": it is read again");
    }
    group_is_open_ = true;
    if (!wishes_.empty()) {
        pipeline_.outside([this] { write_wishes(); });
    }
}

template <typename Change>
bool TransactionApplier::gather(const Change& change, const ReplicaTable& target, Lsn lsn) {
    if (order_now_ == ApplyOrder::as_it_came || order_.keeps(target.name)) {
        return false;
    }
    if (target.is_watched) {
        write_runs();
        return false;
    }
    open_group();
    TableChanges& gathered = runs_.try_emplace(change.relation, target).first->second;
    const std::size_t before = gathered.bytes();
    const Taken taken = gathered.take(change);
    if (taken == Taken::contradiction) {
        failed_run_ = target.name;
        throw Error(ErrorCode::conflict, "changes of table " + target.name +
                                             " that contradict each other, up to LSN " +
                                             to_string(lsn));
    }
    if (taken == Taken::alone) {
        write_run(change.relation);
        return false;
    }
    run_bytes_ += gathered.bytes();
    run_bytes_ -= before;
    ++group_changes_;
    group_lsn_ = lsn;
    if (run_bytes_ >= gathered_bytes_) {
        write_runs();
    }
    return true;
}

void TransactionApplier::write_run(std::uint32_t relation) {
    const auto found = runs_.find(relation);
    if (found == runs_.end() || found->second.empty()) {
        return;
    }
    const ReplicaTable& target = tables_.at(relation);
    pipeline_.finish();  // What was sent before the run fails by itself.
    try {
        writer_.write(target, found->second, group_lsn_);
    } catch (const Error&) {
        failed_run_ = target.name;
        throw;
    }
    run_bytes_ -= found->second.bytes();
    found->second.clear();
}

void TransactionApplier::write_runs() {
    for (const auto& [relation, run] : runs_) {
        write_run(relation);
    }
}

void TransactionApplier::run(const std::string& sql, RowDeed deed) {
    open_group();
    ++group_changes_;
    pipeline_.run(sql, values_, std::move(deed));
}

void TransactionApplier::insert(const pgoutput::Insert& change, Lsn lsn) {
    const ReplicaTable& target = table(change.relation);
    if (gather(change, target, lsn)) {
        return;
    }
    run(insert_statement(target, change.row, values_),
        {"insert", target.name, describe_key(target, change.row), lsn, change.relation});
}

void TransactionApplier::update(const pgoutput::Update& change, Lsn lsn) {
    const ReplicaTable& target = table(change.relation);
    if (gather(change, target, lsn)) {
        return;
    }
    run(update_statement(target, change, values_),
        {"update", target.name, describe_key(target, change.old ? change.old->row : change.row),
         lsn, change.relation});
}

void TransactionApplier::remove(const pgoutput::Delete& change, Lsn lsn) {
    const ReplicaTable& target = table(change.relation);
    if (gather(change, target, lsn)) {
        return;
    }
    run(delete_statement(target, change.old.row, values_),
        {"delete", target.name, describe_key(target, change.old.row), lsn, change.relation});
}

// All tables at once: foreign keys among them allow nothing else. When some of them are not taken,
// the others are emptied row by row: TRUNCATE would refuse them, or take the others with it.
void TransactionApplier::truncate(const pgoutput::Truncate& change, Lsn lsn) {
    std::string quoted;
    std::string names;
    std::string deletes;
    std::uint32_t only = 0;  // when it is one table
    bool all_are_taken = true;
    for (const std::uint32_t relation : change.relations) {
        if (!admits(relation)) {
            all_are_taken = false;
            continue;
        }
        const ReplicaTable& target = table(relation);
        quoted += (quoted.empty() ? "ONLY " : ", ONLY ") + target.quoted;
        only = names.empty() ? relation : 0;
        names += (names.empty() ? "" : ", ") + target.name;
        deletes += "DELETE FROM ONLY " + target.quoted + "\n";
    }
    if (names.empty()) {
        return;
    }
    open_group();
    write_runs();
    ++group_changes_;
    sequences_moved_ = sequences_moved_ || change.restart_identity;
    if (all_are_taken) {
        pipeline_.run("TRUNCATE " + quoted + (change.restart_identity ? " RESTART IDENTITY" : "") +
                          (change.cascade ? " CASCADE" : ""),
                      RowDeed{"truncate", names, "", lsn, only});
        return;
    }
    for (std::size_t at = 0; at < deletes.size(); at = deletes.find('\n', at) + 1) {
        pipeline_.run(deletes.substr(at, deletes.find('\n', at) - at),
                      RowDeed{"truncate", names, "", lsn, only});
    }
}

void TransactionApplier::end_transaction(Lsn commit_end) {
    if (group_is_open_ && (group_has_ddl_ || group_changes_ >= group_changes_limit)) {
        commit_group(commit_end);
    }
}

void TransactionApplier::finish(Lsn lsn) {
    // Also when all that was left is left out: by whom must not be forgotten.
    if (!group_is_open_ && wishes_.empty() && lsn.value() < progress_.value() + idle_step_bytes) {
        return;
    }
    open_group();
    commit_group(lsn);
}

void TransactionApplier::set_sequences(const std::string& values) {
    secondary::set_sequences(catalogue_, values);
}

void TransactionApplier::settle_sequences() {
    FARSHORE_ASSERT(!group_is_open_);
    if (sequences_moved_) {
        set_all_sequences(catalogue_);
        sequences_moved_ = false;
    }
}

void TransactionApplier::commit_group(Lsn lsn) {
    FARSHORE_ASSERT(lsn > progress_);
    write_runs();
    pipeline_.finish();
    const postgres::Answer moved =
        pipeline_.ask(move_progress, {stream_.str(), database_.str(), to_string(lsn)});
    FARSHORE_ASSERT(moved.affected() == 1);
    pipeline_.run("COMMIT");
    pipeline_.finish();
    progress_ = lsn;
    group_is_open_ = false;
    group_has_ddl_ = false;
    group_changes_ = 0;
    aside_.end_copies();
    wishes_ = {};
    committed_rows_ = pipeline_.rows();
    order_.end_group();
}

}  // namespace farshore::secondary
