#include "agent/daemon/database_verify.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <future>
#include <map>

#include "agent/postgres/snapshot.hpp"
#include "agent/postgres/table_digest.hpp"
#include "agent/runtime/log.hpp"
#include "protocol/json.hpp"

namespace farshore::daemon {

namespace json = boost::json;

namespace {

using postgres::CheckedRow;
using postgres::CheckedTable;
using postgres::RowsDigest;
using verification::FindingKind;

constexpr Duration ask_timeout = Duration::from_ms(30L * 60 * 1000);
constexpr Duration snapshot_timeout = Duration::from_ms(15'000);
constexpr std::chrono::seconds arrive_timeout{30};
constexpr std::uint64_t fewest_buckets = 1024;
// All their digests are one answer, and so are the rows of one: both must fit into a frame.
constexpr std::uint64_t most_buckets = 8192;
constexpr std::uint32_t rows_of_a_bucket = 400;
// So many rows are in a bucket on the average, of a table that is not very large.
constexpr std::uint64_t wanted_rows = 100;

// Of the rows of a bucket that were read, in the order of their keys: up to which key they are all.
std::optional<std::string> whole_up_to(const std::vector<CheckedRow>& rows) {
    return rows.size() < rows_of_a_bucket ? std::nullopt : std::optional(rows.back().key);
}

// Lets the applier go on, whatever happens.
class Held {
  public:
    Held(secondary::Applier& applier, const SourceName& database)
        : applier_(applier), database_(database) {
        applier_.hold(database_);
    }
    ~Held() { applier_.release(database_); }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

  private:
    secondary::Applier& applier_;
    SourceName database_;
};

class DatabaseVerification {
  public:
    DatabaseVerification(secondary::SecondarySession& session, const config::Database& database,
                         verification::VerifyReport& report)
        : session_(session), database_(database), report_(report) {}

    void run(secondary::Applier& applier) {
        const std::shared_ptr<void> at_end(nullptr, [this](void*) { close(); });
        open(applier);
        std::uint64_t rows = 0;
        for (const CheckedTable& table : tables_) {
            rows += compare(table);
        }
        report_.checked.push_back({.what = "database",
                                   .source = database_.name.str(),
                                   .count = rows,
                                   .unit = "rows in " + std::to_string(tables_.size()) + " tables",
                                   .bytes = 0,
                                   .place = to_string(lsn_)});
    }

  private:
    json::value ask(const std::string& verb, json::object request, Duration timeout = ask_timeout) {
        request["database"] = database_.name.str();
        if (snapshot_) {
            request["snapshot"] = *snapshot_;
        }
        return parse_json(session_.ask(verb, json::serialize(request), timeout), limits::frame_body)
            .take();
    }

    // However it ends: as long as the primary's snapshot lasts, no vacuum there removes anything.
    void close() {
        try {
            (void)ask("close_snapshot", {}, snapshot_timeout);
        } catch (const Error& error) {
            log::info("the primary's snapshot of {} ends by itself: {}", database_.name.str(),
                      error.message());
        }
    }

    void open(secondary::Applier& applier) {
        const Held held(applier, database_.name);
        const json::value answer = ask("snapshot_database", {}, snapshot_timeout);
        if (!parse_lsn(answer.at("lsn").as_string(), lsn_)) {
            throw Error(ErrorCode::malformed, "the primary's snapshot has no LSN");
        }
        if (const json::value* number = answer.as_object().if_contains("snapshot")) {
            snapshot_ = number->to_number<std::uint64_t>();
        }
        for (const json::value& table : answer.at("tables").as_array()) {
            tables_.push_back(postgres::checked_table_from_json(table));
        }
        auto opened = std::make_shared<std::promise<std::unique_ptr<postgres::Snapshot>>>();
        auto snapshot = opened->get_future();
        applier.stop_at(
            database_.name, lsn_, [opened, conninfo = database_.connection, stop = stop_] {
                try {
                    opened->set_value(std::make_unique<postgres::Snapshot>(conninfo, *stop));
                } catch (const Error&) {
                    opened->set_exception(std::current_exception());
                }
            });
        if (snapshot.wait_for(arrive_timeout) != std::future_status::ready) {
            throw Error(ErrorCode::timeout,
                        "the replica did not reach " + to_string(lsn_) + " in time");
        }
        replica_ = snapshot.get();
    }

    std::uint64_t compare(const CheckedTable& table) {
        const RowsDigest expected = postgres::rows_digest_from_json(
            ask("digest_table", {{"table", postgres::to_json(table)}}));
        try {
            const RowsDigest found = postgres::digest_table(replica_->connection(), table);
            if (found != expected) {
                const std::uint64_t before = report_.findings_total;
                buckets_ = static_cast<std::uint32_t>(
                    std::clamp(std::max(expected.rows, found.rows) / wanted_rows, fewest_buckets,
                               most_buckets));
                is_cut_short_ = false;
                narrow(table);
                if (report_.findings_total == before || is_cut_short_) {
                    report_.add(
                        {.kind = FindingKind::table_differs,
                         .source = database_.name.str(),
                         .place = table.schema + "." + table.name,
                         .expected =
                             std::to_string(expected.rows) + " rows, digest " + expected.sum,
                         .found = std::to_string(found.rows) + " rows, digest " + found.sum});
                }
            }
        } catch (const Error& error) {
            if (error.code() != ErrorCode::ddl_pending) {
                throw;
            }
            report_.add({.kind = FindingKind::table_missing,
                         .source = database_.name.str(),
                         .place = table.schema + "." + table.name,
                         .expected = std::to_string(expected.rows) + " rows",
                         .found = error.message()});
        }
        return expected.rows;
    }

    void narrow(const CheckedTable& table) {
        std::map<std::uint32_t, RowsDigest> expected;
        const json::value answer =
            ask("digest_buckets", {{"table", postgres::to_json(table)}, {"buckets", buckets_}});
        for (const json::value& each : answer.as_array()) {
            const RowsDigest digest = postgres::rows_digest_from_json(each);
            expected[digest.bucket] = digest;
        }
        std::map<std::uint32_t, RowsDigest> found;
        for (const RowsDigest& digest :
             postgres::digest_buckets(replica_->connection(), table, buckets_)) {
            found[digest.bucket] = digest;
        }
        for (std::uint32_t bucket = 0; bucket < buckets_; ++bucket) {
            if (expected[bucket] != found[bucket]) {
                compare_bucket(table, bucket);
            }
        }
    }

    [[nodiscard]] std::vector<CheckedRow> ask_bucket(const CheckedTable& table,
                                                     std::uint32_t bucket) {
        std::vector<CheckedRow> rows;
        const json::value answer = ask("read_bucket", {{"table", postgres::to_json(table)},
                                                       {"buckets", buckets_},
                                                       {"bucket", bucket},
                                                       {"limit", rows_of_a_bucket}});
        for (const json::value& each : answer.as_array()) {
            rows.push_back(postgres::checked_row_from_json(each));
        }
        return rows;
    }

    void compare_bucket(const CheckedTable& table, std::uint32_t bucket) {
        const std::vector<CheckedRow> theirs = ask_bucket(table, bucket);
        const std::vector<CheckedRow> ours = postgres::read_bucket(
            replica_->connection(), table, buckets_, bucket, rows_of_a_bucket);
        // Beyond it one side was not read any further: what the other has there says nothing.
        const auto end_of_theirs = whole_up_to(theirs);
        const auto end_of_ours = whole_up_to(ours);
        is_cut_short_ = is_cut_short_ || end_of_theirs || end_of_ours;
        const auto is_read = [&](const CheckedRow& row) {
            return (!end_of_theirs || row.key <= *end_of_theirs) &&
                   (!end_of_ours || row.key <= *end_of_ours);
        };
        std::map<std::string, CheckedRow> expected;
        for (const CheckedRow& row : theirs) {
            expected.emplace(row.key, row);
        }
        for (const CheckedRow& row : ours) {
            const auto other = expected.find(row.key);
            if (other == expected.end()) {
                if (is_read(row)) {
                    add(FindingKind::row_extra, table, row.key, "no such row", row.text);
                }
                continue;
            }
            if (other->second != row) {
                add(FindingKind::row_differs, table, row.key, other->second.text, row.text);
            }
            expected.erase(other);
        }
        for (const auto& [key, row] : expected) {
            if (is_read(row)) {
                add(FindingKind::row_missing, table, key, row.text, "no such row");
            }
        }
    }

    void add(FindingKind kind, const CheckedTable& table, const std::string& key,
             const std::string& expected, const std::string& found) {
        report_.add({.kind = kind,
                     .source = database_.name.str(),
                     .place = table.schema + "." + table.name + " " + key,
                     .expected = expected,
                     .found = found});
    }

    secondary::SecondarySession& session_;
    const config::Database& database_;
    verification::VerifyReport& report_;
    // Shared with the applier's stop, which may come after we have given up.
    std::shared_ptr<postgres::WakeEvent> stop_ = std::make_shared<postgres::WakeEvent>();
    Lsn lsn_;
    std::optional<std::uint64_t> snapshot_;  // the primary's number of it
    std::uint32_t buckets_ = 0;              // that the table at hand is divided into
    bool is_cut_short_ = false;              // not all rows of a bucket were looked at
    std::vector<CheckedTable> tables_;
    std::unique_ptr<postgres::Snapshot> replica_;
};

}  // namespace

void verify_database(secondary::SecondarySession& session, secondary::Applier& applier,
                     const config::Database& database, verification::VerifyReport& report) {
    DatabaseVerification(session, database, report).run(applier);
}

}  // namespace farshore::daemon
