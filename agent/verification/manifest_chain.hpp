#pragma once
// The primary's manifests of one epoch, from the first to the last.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/verification/chain_observer.hpp"
#include "agent/verification/evidence_reader.hpp"
#include "agent/verification/mark_chain.hpp"
#include "agent/verification/mark_register.hpp"
#include "agent/verification/tree_chain.hpp"

namespace farshore::verification {

// What the checks of a chain work with.
struct ChainContext {
    storage::ObjectStore& store;
    const TrustSet& trust;
    VerifyReport& report;
    const OnProgress& progress;
    ChainObserver* observer = nullptr;
    // Keys of the stream that are in the store and that nothing has accounted for yet.
    std::set<std::string>& unnamed;
    std::uint64_t objects = 0;  // looked at
    std::uint64_t bytes = 0;

    // Every object in the store is accounted for once.
    void account(const std::string& key) {
        unnamed.erase(key);
        ++objects;
        if (progress && objects % 64 == 0) {
            progress({"chain", "", objects, std::nullopt, "objects"});
        }
    }
};

[[nodiscard]] RegisteredMark registered(const ReadMark& read);
// "manifest 5" or "manifest 5 to 7".
[[nodiscard]] std::string gap_text(const std::string& what, Sequence first, Sequence last);

// Checks sequence, previous, signatures, marks, and each object that a manifest names.
class ManifestChain {
  public:
    // `record`: the digest of the epoch record's payload, when there is a sound one.
    ManifestChain(ChainContext& context, storage::ChainKey chain, std::optional<Digest> record,
                  MarkRegister& marks)
        : context_(context), chain_(std::move(chain)), previous_(record), register_(marks) {}

    // `present`: the numbers in the store, rising.
    void check(const std::vector<Sequence>& present);

    [[nodiscard]] MarkNumber newest_mark() const { return marks_.last(); }

  private:
    void check_one(const storage::ManifestKey& key);
    void note_gap(Sequence first, Sequence last);
    void check_content(const ReadManifest& read, const std::string& place);
    // The last mark of the manifest; none when one of its marks is not sound.
    std::optional<Mark> check_marks(const ReadManifest& read, const std::string& place);
    void check_named(const ManifestObject& object, const std::string& expected_key,
                     const std::string& place);
    void check_trees(const Manifest& manifest, MarkNumber before, const std::optional<Mark>& last);
    void lose_track();

    ChainContext& context_;
    storage::ChainKey chain_;
    std::optional<Digest> previous_;  // what the next manifest must name; none when not known
    MarkRegister& register_;
    MarkChain marks_;
    std::map<SourceName, TreeChain> trees_;
};

}  // namespace farshore::verification
