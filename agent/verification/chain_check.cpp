#include "agent/verification/chain_check.hpp"

#include <algorithm>
#include <set>

#include "agent/verification/receipt_chain.hpp"
#include "storage/evidence/epoch_store.hpp"

namespace farshore::verification {

namespace {

// What the store holds of one epoch, by the names of its objects.
struct EpochListing {
    std::map<AgentName, std::vector<Sequence>> manifests;  // of each agent, rising
    std::map<AgentName, std::vector<Sequence>> receipts;
};

const StreamName& stream_of(const storage::ObjectKey& key) {
    return std::visit(
        [](const auto& k) -> const StreamName& {
            if constexpr (requires { k.chain; }) {
                return k.chain.stream;
            } else {
                return k.stream;
            }
        },
        key);
}

class ChainCheck {
  public:
    ChainCheck(storage::ObjectStore& store, const TrustSet& trust, VerifyReport& report,
               const OnProgress& progress, ChainObserver* observer, runtime::Sleeper* sleeper)
        : context_{store, trust, report, progress, observer, unnamed_}, sleeper_(sleeper) {}

    ChainSummary run() {
        list();
        check_epochs();
        check_unnamed();
        context_.report.checked.push_back(
            {"chain", "", context_.objects, "objects", context_.bytes, ""});
        context_.report.checked.push_back({"chain", "", marks_, "marks", 0, ""});
        return std::move(summary_);
    }

  private:
    void add(FindingKind kind, const std::string& place, std::string expected, std::string found) {
        context_.report.add({kind, "", place, std::move(expected), std::move(found)});
    }

    [[nodiscard]] std::string key_of(Epoch epoch) const {
        return make_key(storage::EpochKey{context_.trust.stream(), epoch});
    }

    void list();
    void list_overlaid();
    void note(const storage::ObjectKey& key);
    void check_epochs();
    void check_epoch(Epoch epoch, std::optional<Digest>& previous);
    std::optional<storage::OpenedEpoch> check_record(Epoch epoch, std::optional<Digest> previous);
    void check_failover(Epoch epoch);
    void check_agents(Epoch epoch, const AgentName& primary, std::optional<Digest> record);
    void check_unnamed();
    void check_unnamed_list(const storage::ChainKey& chain, Sequence sequence,
                            const std::string& text);
    [[nodiscard]] bool await_manifest(const storage::ManifestKey& key);

    // The prefix may hold other streams, whose objects are not ours to judge.
    [[nodiscard]] bool is_of_stream(const storage::ObjectKey& key) const {
        return stream_of(key) == context_.trust.stream();
    }

    std::set<std::string> unnamed_;
    ChainContext context_;
    std::map<Epoch, EpochListing> epochs_;
    std::uint64_t marks_ = 0;
    runtime::Sleeper* sleeper_;
    Duration waited_;
    ChainSummary summary_;
};

void ChainCheck::note(const storage::ObjectKey& key) {
    if (const auto* manifest = std::get_if<storage::ManifestKey>(&key)) {
        epochs_[manifest->chain.epoch].manifests[manifest->chain.agent].push_back(
            manifest->sequence);
    } else if (const auto* receipt = std::get_if<storage::ReceiptKey>(&key)) {
        epochs_[receipt->chain.epoch].receipts[receipt->chain.agent].push_back(receipt->sequence);
    } else if (const auto* epoch = std::get_if<storage::EpochKey>(&key)) {
        epochs_[epoch->epoch];
    }
}

void ChainCheck::list() {
    for (std::string& text : context_.store.list("")) {
        const std::optional<storage::ObjectKey> key = storage::parse_key(text);
        if (!key || is_of_stream(*key)) {
            unnamed_.insert(std::move(text));
        }
    }
    list_overlaid();
    for (const std::string& text : unnamed_) {
        if (const std::optional<storage::ObjectKey> key = storage::parse_key(text)) {
            note(*key);
        }
    }
}

// Object Lock keeps every version, but not from getting a newer one or a delete marker. The oldest
// one is read and counts; that somebody put others over it is a finding of its own.
void ChainCheck::list_overlaid() {
    std::vector<storage::Overlaid> over;
    try {
        over = context_.store.list_overlaid("");
    } catch (const Error& error) {
        if (error.action() == Action::retry) {
            throw;
        }
        context_.report.unchecked.push_back(
            {"versions", "", std::string(error.name()) + " " + error.message()});
    }
    for (const storage::Overlaid& overlaid : over) {
        const std::optional<storage::ObjectKey> key = storage::parse_key(overlaid.key);
        if (key && !is_of_stream(*key)) {
            continue;
        }
        add(FindingKind::object_altered, overlaid.key, "one version", overlaid.what);
        if (overlaid.has_object) {
            unnamed_.insert(overlaid.key);
        }
    }
}

std::optional<storage::OpenedEpoch> ChainCheck::check_record(Epoch epoch,
                                                             std::optional<Digest> previous) {
    const std::string place = key_of(epoch);
    context_.account(place);
    Result<storage::OpenedEpoch> read = storage::read_epoch(context_.store, context_.trust, epoch);
    if (!read) {
        add(kind_of(read.error()), place, "the record of epoch " + std::to_string(epoch.value()),
            read.error().message());
        return std::nullopt;
    }
    const std::optional<Digest>& named = read.value().record.previous;
    if (epoch > Epoch(1) && previous && named != previous) {
        add(FindingKind::bad_previous, place, previous->prefixed(),
            named ? named->prefixed() : "none");
    }
    return std::move(read).take();
}

void ChainCheck::check_epochs() {
    std::optional<Digest> previous;
    Epoch expected(1);
    epochs_[expected];  // a stream without it has no evidence
    for (const auto& [epoch, listing] : epochs_) {
        if (epoch > expected) {
            add(FindingKind::object_missing, key_of(expected),
                "the records of the epochs before " + std::to_string(epoch.value()), "nothing");
            previous.reset();
        }
        check_epoch(epoch, previous);
        expected = epoch.next();
    }
}

void ChainCheck::check_epoch(Epoch epoch, std::optional<Digest>& previous) {
    const std::optional<storage::OpenedEpoch> opened = check_record(epoch, previous);
    check_failover(epoch);
    previous = opened ? std::optional(opened->digest) : std::nullopt;
    if (opened) {
        if (context_.observer != nullptr) {
            context_.observer->on_epoch(opened->record);
        }
        check_agents(epoch, opened->record.primary, opened->digest);
        return;
    }
    // Without its record nobody knows the primary; the chains are checked as they present
    // themselves.
    const EpochListing& listing = epochs_[epoch];
    if (!listing.manifests.empty()) {
        check_agents(epoch, listing.manifests.begin()->first, std::nullopt);
    }
}

void ChainCheck::check_failover(Epoch epoch) {
    const std::string key = make_key(storage::FailoverKey{context_.trust.stream(), epoch});
    if (!unnamed_.contains(key)) {
        return;
    }
    context_.account(key);
    const Result<std::string> text = context_.store.get(key, limits::evidence_object);
    const Result<OpenedEnvelope> opened =
        text ? open_envelope(text.value(), payload_type::failover, context_.trust)
             : Result<OpenedEnvelope>(text.error());
    if (!opened) {
        add(kind_of(opened.error()), key, "a failover record", opened.error().message());
    }
}

void ChainCheck::check_agents(Epoch epoch, const AgentName& primary, std::optional<Digest> record) {
    const StreamName& stream = context_.trust.stream();
    EpochListing& listing = epochs_[epoch];
    const std::vector<Sequence>& present = listing.manifests[primary];
    EpochSummary summary;
    summary.epoch = epoch;
    summary.primary = primary;
    summary.manifests = present.empty() ? Sequence() : present.back();
    MarkRegister marks;
    ManifestChain manifests(context_, {stream, epoch, primary}, record, marks);
    manifests.check(present);
    summary.newest_mark = manifests.newest_mark();
    marks_ += manifests.newest_mark().value();
    for (const auto& [agent, numbers] : listing.manifests) {
        if (agent != primary) {
            add(FindingKind::fork,
                make_key(storage::ManifestKey{{stream, epoch, agent}, numbers.front()}),
                "manifests of agent " + primary.str() + " only",
                "manifests of agent " + agent.str());
        }
    }
    for (const auto& [agent, numbers] : listing.receipts) {
        ReceiptChain receipts(context_, {stream, epoch, agent}, primary, record, marks);
        receipts.check(numbers);
        summary.secondaries.emplace(
            agent, SecondarySummary{numbers.back(), receipts.received(), receipts.applied()});
    }
    if (record) {
        summary_.epochs.push_back(std::move(summary));
    }
}

// A list that no manifest names: an agent may have written more since the listing, and its lists
// come before the manifest; else that manifest is missing, or the list is none of the agent's.
void ChainCheck::check_unnamed_list(const storage::ChainKey& chain, Sequence sequence,
                                    const std::string& text) {
    const std::vector<Sequence>& present = epochs_[chain.epoch].manifests[chain.agent];
    const storage::ManifestKey manifest{chain, sequence};
    if (std::binary_search(present.begin(), present.end(), sequence)) {
        add(FindingKind::object_extra, text, "nothing", "a list that its manifest does not name");
    } else if (!await_manifest(manifest)) {
        add(FindingKind::object_missing, make_key(manifest), "the manifest that names " + text,
            "nothing: it was removed, or its agent ended before it could upload it");
    }
}

bool ChainCheck::await_manifest(const storage::ManifestKey& key) {
    constexpr Duration pause = Duration::from_ms(250);
    while (!read_manifest(context_.store, context_.trust, key)) {
        if (sleeper_ == nullptr || waited_ >= manifest_patience || !sleeper_->sleep(pause, {})) {
            return false;
        }
        waited_ = waited_ + pause;
    }
    return true;
}

void ChainCheck::check_unnamed() {
    for (const std::string& text : unnamed_) {
        const std::optional<storage::ObjectKey> key = storage::parse_key(text);
        if (key && std::holds_alternative<storage::ChangesKey>(*key)) {
            const auto& changes = std::get<storage::ChangesKey>(*key);
            check_unnamed_list(changes.chain, changes.sequence, text);
        } else if (key && std::holds_alternative<storage::CheckpointKey>(*key)) {
            const auto& checkpoint = std::get<storage::CheckpointKey>(*key);
            check_unnamed_list(checkpoint.chain, checkpoint.sequence, text);
        } else {
            add(FindingKind::object_extra, text, "nothing", "an object that nothing names");
        }
    }
}

}  // namespace

ChainSummary check_chain(storage::ObjectStore& store, const TrustSet& trust, VerifyReport& report,
                         const OnProgress& progress, ChainObserver* observer,
                         runtime::Sleeper* sleeper) {
    return ChainCheck(store, trust, report, progress, observer, sleeper).run();
}

}  // namespace farshore::verification
