#include "agent/verification/receipt_chain.hpp"

#include <algorithm>

namespace farshore::verification {

namespace {

std::string mark_text(MarkNumber mark) {
    return "mark " + std::to_string(mark.value());
}

std::map<SourceName, Digest> tree_digests(const Mark& mark) {
    std::map<SourceName, Digest> digests;
    for (const auto& [name, source] : mark.sources) {
        if (const auto* tree = std::get_if<TreeMark>(&source)) {
            digests.emplace(name, tree->digest.value());
        }
    }
    return digests;
}

}  // namespace

void ReceiptChain::add(FindingKind kind, const std::string& place, std::string expected,
                       std::string found) {
    context_.report.add({kind, "", place, std::move(expected), std::move(found)});
}

void ReceiptChain::check(const std::vector<Sequence>& present) {
    Sequence expected(1);
    for (Sequence sequence : present) {
        if (sequence > expected) {
            add(FindingKind::object_missing, make_key(storage::ReceiptKey{chain_, expected}),
                gap_text("receipt", expected, Sequence(sequence.value() - 1)), "nothing");
            previous_.reset();
            gap_ = true;
        }
        check_one({chain_, sequence});
        expected = sequence.next();
    }
    for (Finding& difference : differences_) {
        context_.report.add(std::move(difference));
    }
}

void ReceiptChain::check_one(const storage::ReceiptKey& key) {
    const std::string place = make_key(key);
    context_.account(place);
    const Result<ReadReceipt> read = read_receipt(context_.store, context_.trust, key);
    if (!read) {
        add(kind_of(read.error()), place,
            "receipt " + std::to_string(key.sequence.value()) + " of agent " + chain_.agent.str(),
            read.error().message());
        previous_.reset();
        gap_ = true;
        return;
    }
    context_.bytes += read.value().bytes;
    const Receipt& receipt = read.value().receipt;
    if (previous_ && receipt.previous != *previous_) {
        add(FindingKind::bad_previous, place, previous_->prefixed(), receipt.previous.prefixed());
    }
    previous_ = read.value().digest;
    if (receipt.primary != primary_) {
        add(FindingKind::fork, place, "primary " + primary_.str(),
            "primary " + receipt.primary.str());
    }
    check_marks(receipt, place);
    check_received(read.value(), place);
    check_applied(read.value(), place);
    tell_span(receipt, place);
    gap_ = false;
}

void ReceiptChain::tell_span(const Receipt& receipt, const std::string& place) {
    std::vector<Timestamp> moments;
    for (const ReceivedMark& received : receipt.received) {
        moments.push_back(received.at);
    }
    for (const AppliedMark& applied : receipt.applied) {
        moments.push_back(applied.at);
    }
    if (context_.observer != nullptr && !moments.empty()) {
        const auto [first, last] = std::minmax_element(moments.begin(), moments.end());
        context_.observer->on_record(place, chain_.agent, *first, *last);
    }
}

void ReceiptChain::check_marks(const Receipt& receipt, const std::string& place) {
    const storage::ChainKey chain{chain_.stream, chain_.epoch, primary_};
    for (const std::string& envelope : receipt.marks) {
        const Result<ReadMark> read = read_mark(envelope, context_.trust, chain);
        if (!read) {
            add(kind_of(read.error()), place, "a mark of agent " + primary_.str(),
                read.error().message());
            continue;
        }
        const MarkNumber mark = read.value().mark.mark;
        const std::optional<RegisteredMark> known = register_.find(mark);
        if (known && known->digest != read.value().digest) {
            add(FindingKind::fork, place + ", " + mark_text(mark), known->digest.prefixed(),
                read.value().digest.prefixed());
            continue;
        }
        register_.put(mark, registered(read.value()));
        if (context_.observer != nullptr) {
            context_.observer->on_mark(read.value().mark);
        }
        if (waiting_.size() < greatest_waiting) {
            waiting_.emplace(mark, tree_digests(read.value().mark));
        }
    }
}

// Received before it was sealed, by more than both clocks say they may be wrong: back-dated, or one
// of the clocks was not what it said of itself.
void ReceiptChain::check_time(const ReceivedMark& received, const RegisteredMark& sealed,
                              const std::string& place) {
    if (received.clock_error && sealed.clock_error &&
        received.at + *received.clock_error <
            sealed.time + Duration{-sealed.clock_error->nanoseconds}) {
        add(FindingKind::bad_order, place + ", received " + mark_text(received.mark),
            "after it was sealed at " + to_rfc3339(sealed.time), to_rfc3339(received.at));
    }
}

void ReceiptChain::check_received(const ReadReceipt& read, const std::string& place) {
    for (const ReceivedMark& received : read.receipt.received) {
        const std::optional<RegisteredMark> known = register_.find(received.mark);
        if (!known || known->digest != received.mark_digest) {
            add(known ? FindingKind::fork : FindingKind::object_missing,
                place + ", received " + mark_text(received.mark),
                known ? known->digest.prefixed() : "the mark, in a manifest or here",
                received.mark_digest.prefixed());
        } else {
            check_time(received, *known, place);
            if (context_.observer != nullptr) {
                context_.observer->on_received(read.receipt, received);
            }
        }
        if (received.mark <= received_) {
            add(FindingKind::bad_order, place, "received above " + mark_text(received_),
                mark_text(received.mark));
        }
        if (!read.signer.is_valid_at(received.at)) {
            add(FindingKind::bad_signature, place,
                "a key that is valid at " + to_rfc3339(received.at), read.signer.key.key_id());
        }
        received_ = std::max(received_, received.mark);
    }
}

void ReceiptChain::check_applied(const ReadReceipt& read, const std::string& place) {
    for (const AppliedMark& applied : read.receipt.applied) {
        if (applied.mark <= applied_) {
            add(FindingKind::bad_order, place, "applied above " + mark_text(applied_),
                mark_text(applied.mark));
        }
        if (applied.mark > received_ && !gap_) {
            add(FindingKind::bad_order, place, "applied up to " + mark_text(received_),
                mark_text(applied.mark));
        }
        applied_ = std::max(applied_, applied.mark);
        compare_trees(applied, place);
        if (context_.observer != nullptr) {
            context_.observer->on_applied(read.receipt, applied);
        }
    }
}

void ReceiptChain::compare_trees(const AppliedMark& applied, const std::string& place) {
    differences_.clear();
    const auto expected = waiting_.find(applied.mark);
    if (expected != waiting_.end()) {
        for (const auto& [name, digest] : expected->second) {
            const auto found = applied.sources.find(name);
            if (found != applied.sources.end() && found->second != digest) {
                differences_.push_back({FindingKind::bad_fold, name.str(),
                                        place + ", applied " + mark_text(applied.mark),
                                        digest.prefixed(), found->second.prefixed()});
            }
        }
    }
    waiting_.erase(waiting_.begin(), waiting_.upper_bound(applied.mark));
}

}  // namespace farshore::verification
