#include "agent/secondary/postgres/statement_pipeline.hpp"

#include <libpq-fe.h>

#include <vector>

#include "agent/postgres/sql_error.hpp"

namespace farshore::secondary {

namespace {

constexpr std::size_t window = 512;
constexpr std::size_t window_bytes = 1ULL << 20;
constexpr std::size_t prepared_limit = 1000;

std::string describe(const RowDeed& deed) {
    std::string text = std::string(deed.verb) + " in table " + deed.table;
    if (!deed.key.empty()) {
        text += " (" + deed.key + ")";
    }
    return text + " at LSN " + to_string(deed.lsn);
}

}  // namespace

StatementPipeline::StatementPipeline(postgres::Connection& connection) : connection_(connection) {
    if (PQenterPipelineMode(connection_.raw()) != 1) {
        connection_.lost();
    }
}

void StatementPipeline::run(const std::string& sql, RowValues& values, RowDeed deed) {
    send(sql, values.pointers(), deed);
    expect({Kind::row, std::move(deed), 1}, values.bytes());
}

void StatementPipeline::run(const std::string& sql, const std::vector<std::string>& values,
                            std::uint64_t rows, RowDeed deed) {
    std::vector<const char*> pointers;
    std::size_t bytes = 0;
    for (const std::string& value : values) {
        pointers.push_back(value.c_str());
        bytes += value.size();
    }
    send(sql, pointers, deed);
    expect({Kind::row, std::move(deed), rows}, bytes);
}

void StatementPipeline::send(const std::string& sql, const std::vector<const char*>& values,
                             const RowDeed& deed) {
    const std::string& name = prepare(sql, deed);
    if (PQsendQueryPrepared(connection_.raw(), name.c_str(), static_cast<int>(values.size()),
                            values.data(), nullptr, nullptr, 0) != 1) {
        connection_.lost();
    }
}

void StatementPipeline::run(const std::string& sql, const RowDeed& deed) {
    if (PQsendQueryParams(connection_.raw(), sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr,
                          0) != 1) {
        connection_.lost();
    }
    expect({Kind::other, deed, 0}, sql.size());
}

const std::string& StatementPipeline::prepare(const std::string& sql, const RowDeed& deed) {
    const auto found = prepared_.find(sql);
    if (found != prepared_.end()) {
        return found->second;
    }
    if (prepared_.size() == prepared_limit) {
        prepared_.clear();
        run("DEALLOCATE ALL");
    }
    const std::string name = "s" + std::to_string(prepared_.size());
    if (PQsendPrepare(connection_.raw(), name.c_str(), sql.c_str(), 0, nullptr) != 1) {
        connection_.lost();
    }
    expect({Kind::preparation, deed, 0}, sql.size());
    return prepared_.emplace(sql, name).first->second;
}

void StatementPipeline::expect(Expected expected, std::size_t bytes) {
    under_way_.push_back(std::move(expected));
    bytes_under_way_ += bytes;
    if (under_way_.size() >= window || bytes_under_way_ >= window_bytes) {
        finish();
    }
}

void StatementPipeline::send_sync() {
    if (PQpipelineSync(connection_.raw()) != 1) {
        connection_.lost();
    }
}

void StatementPipeline::finish() {
    if (under_way_.empty()) {
        return;
    }
    send_sync();
    while (!under_way_.empty()) {
        const auto answer = connection_.next_answer();
        if (!answer) {
            continue;  // Between the answers of two statements.
        }
        check(*answer, under_way_.front());
        rows_ += under_way_.front().rows;
        under_way_.pop_front();
    }
    bytes_under_way_ = 0;
    (void)await_sync();
}

// The last answer before that to the sync.
std::optional<postgres::Answer> StatementPipeline::await_sync() {
    std::optional<postgres::Answer> last;
    while (true) {
        auto answer = connection_.next_answer();
        if (!answer) {
            continue;
        }
        if (PQresultStatus(answer->raw()) == PGRES_PIPELINE_SYNC) {
            return last;
        }
        connection_.require(*answer);
        last = std::move(answer);
    }
}

void StatementPipeline::check(const postgres::Answer& answer, const Expected& expected) {
    if (answer.is_failure()) {
        try {
            connection_.require(answer);
        } catch (const Error& error) {
            if (expected.deed.table.empty()) {
                throw;
            }
            failed_deed_ = expected.deed;
            throw Error(error.code(), describe(expected.deed) + ": " + error.message());
        }
    }
    if (expected.kind == Kind::row && answer.affected() != expected.rows) {
        failed_deed_ = expected.deed;
        throw Error(ErrorCode::conflict,
                    describe(expected.deed) + ": the replica has " +
                        std::to_string(answer.affected()) + " such rows instead of " +
                        (expected.rows == 1 ? "one" : std::to_string(expected.rows)));
    }
}

postgres::Answer StatementPipeline::ask(const std::string& sql,
                                        const std::vector<postgres::Parameter>& parameters) {
    finish();
    std::vector<const char*> values;
    values.reserve(parameters.size());
    for (const postgres::Parameter& parameter : parameters) {
        values.push_back(parameter ? parameter->c_str() : nullptr);
    }
    if (PQsendQueryParams(connection_.raw(), sql.c_str(), static_cast<int>(values.size()), nullptr,
                          values.data(), nullptr, nullptr, 0) != 1) {
        connection_.lost();
    }
    send_sync();
    auto answer = await_sync();
    if (!answer) {
        connection_.lost();
    }
    return std::move(*answer);
}

void StatementPipeline::outside(const std::function<void()>& deed) {
    finish();
    if (PQexitPipelineMode(connection_.raw()) != 1) {
        connection_.lost();
    }
    deed();
    if (PQenterPipelineMode(connection_.raw()) != 1) {
        connection_.lost();
    }
}

void StatementPipeline::forget_prepared() {
    prepared_.clear();
    run("DEALLOCATE ALL");
}

}  // namespace farshore::secondary
