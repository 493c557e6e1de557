#include "agent/primary/transaction_log.hpp"

#include <algorithm>
#include <span>

namespace farshore::primary {

void TransactionLog::restore(const std::vector<PassedTransaction>& kept, Lsn passed,
                             const std::string& system) {
    const std::lock_guard lock(mutex_);
    transactions_.assign(kept.begin(), kept.end());
    passed_ = passed;
    system_ = system;
}

void TransactionLog::follow(const std::string& system) {
    const std::lock_guard lock(mutex_);
    if (system == system_) {
        return;
    }
    if (!system_.empty()) {
        transactions_.clear();
        passed_ = Lsn();
    }
    system_ = system;
}

bool TransactionLog::is_of(const std::string& system) const {
    const std::lock_guard lock(mutex_);
    return system == system_;
}

void TransactionLog::append(Lsn commit_end, const Digest& sha256) {
    const std::lock_guard lock(mutex_);
    if (commit_end <= passed_) {
        return;
    }
    transactions_.push_back({commit_end, sha256});
    passed_ = commit_end;
}

std::vector<PassedTransaction> TransactionLog::up_to(Lsn lsn) const {
    const std::lock_guard lock(mutex_);
    const auto end = std::find_if(transactions_.begin(), transactions_.end(),
                                  [lsn](const auto& t) { return t.commit_end > lsn; });
    return {transactions_.begin(), end};
}

void TransactionLog::forget_up_to(Lsn lsn) {
    const std::lock_guard lock(mutex_);
    while (!transactions_.empty() && transactions_.front().commit_end <= lsn) {
        transactions_.pop_front();
    }
}

bool TransactionLog::has_beyond(Lsn lsn) const {
    const std::lock_guard lock(mutex_);
    return passed_ > lsn;
}

Digest database_digest(const std::vector<PassedTransaction>& transactions) {
    Sha256 hash;
    for (const PassedTransaction& transaction : transactions) {
        hash.update(std::as_bytes(std::span(transaction.sha256.bytes)));
    }
    return hash.finish();
}

}  // namespace farshore::primary
