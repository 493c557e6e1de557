#include "storage/spool/commit_index.hpp"

#include <algorithm>

#include "protocol/assert.hpp"

namespace farshore::storage {

void CommitIndex::add(const Entry& entry) {
    FARSHORE_ASSERT(!last_ || last_->position < entry.position);
    last_ = entry;
    if (added_++ % stride_ != 0) {
        return;
    }
    if (entries_.size() == capacity_) {
        std::size_t kept = 0;
        for (std::size_t i = 0; i < entries_.size(); i += 2) {
            entries_[kept++] = entries_[i];
        }
        entries_.resize(kept);
        stride_ *= 2;
    }
    entries_.push_back(entry);
}

std::optional<CommitIndex::Entry> CommitIndex::floor(Lsn lsn) const {
    if (last_ && last_->commit_end <= lsn) {
        return last_;
    }
    const auto above =
        std::upper_bound(entries_.begin(), entries_.end(), lsn,
                         [](Lsn wanted, const Entry& entry) { return wanted < entry.commit_end; });
    return above == entries_.begin() ? std::nullopt : std::optional(*std::prev(above));
}

void CommitIndex::clear() {
    entries_.clear();
    last_.reset();
    stride_ = 1;
    added_ = 0;
}

}  // namespace farshore::storage
