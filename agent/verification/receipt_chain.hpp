#pragma once
// One secondary's receipts of one epoch, from the first to the last.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/verification/manifest_chain.hpp"

namespace farshore::verification {

// Checks sequence, previous and signatures; that what was received is what the primary signed, in
// order; and that nothing was applied that had not been received.
class ReceiptChain {
  public:
    // `primary`: the epoch's. `marks`: those of the manifests; what only receipts have is added.
    ReceiptChain(ChainContext& context, storage::ChainKey chain, AgentName primary,
                 std::optional<Digest> record, MarkRegister& marks)
        : context_(context),
          chain_(std::move(chain)),
          primary_(std::move(primary)),
          previous_(record),
          register_(marks) {}

    // `present`: the numbers in the store, rising.
    void check(const std::vector<Sequence>& present);

    [[nodiscard]] MarkNumber received() const { return received_; }
    [[nodiscard]] MarkNumber applied() const { return applied_; }

  private:
    // Marks that were received and not applied yet; a secondary that is further behind is not
    // compared with them.
    static constexpr std::size_t greatest_waiting = 10'000;

    void check_one(const storage::ReceiptKey& key);
    void check_marks(const Receipt& receipt, const std::string& place);
    void tell_span(const Receipt& receipt, const std::string& place);
    void check_received(const ReadReceipt& read, const std::string& place);
    void check_time(const ReceivedMark& received, const RegisteredMark& sealed,
                    const std::string& place);
    void check_applied(const ReadReceipt& read, const std::string& place);
    void compare_trees(const AppliedMark& applied, const std::string& place);
    void add(FindingKind kind, const std::string& place, std::string expected, std::string found);

    ChainContext& context_;
    storage::ChainKey chain_;
    AgentName primary_;
    std::optional<Digest> previous_;
    MarkRegister& register_;
    MarkNumber received_;
    MarkNumber applied_;
    bool gap_ = false;  // a receipt is missing: what it said is not known
    std::map<MarkNumber, std::map<SourceName, Digest>> waiting_;  // the trees' digests
    // Of the newest applied mark: a difference that was healed later is history.
    std::vector<Finding> differences_;
};

}  // namespace farshore::verification
