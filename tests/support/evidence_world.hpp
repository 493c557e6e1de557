#pragma once
// A primary and a secondary that only make evidence: a tree in memory changes at random, marks are
// sealed, manifests and receipts written by the real writers and uploaded into a store in memory.

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "protocol/mark.hpp"
#include "storage/evidence/epoch_store.hpp"
#include "storage/evidence/manifest_writer.hpp"
#include "storage/evidence/receipt_writer.hpp"
#include "storage/evidence/uploader.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_keys.hpp"

namespace farshore::test {

class EvidenceWorld {
  public:
    explicit EvidenceWorld(unsigned seed = 1);

    // Puts, alters and removes some paths of the tree; they first appear in the next mark.
    void change(int count);
    // Seals the next mark; the secondary receives and applies it.
    void mark();
    // A manifest about all marks since the last one.
    void write_manifest();
    void write_receipt();
    // Everything queued on both sides goes to the store.
    void upload();
    // `manifests` rounds of changes, marks, a manifest and a receipt.
    void run(int manifests);

    [[nodiscard]] Mark current_mark() const;
    [[nodiscard]] std::string manifest_key(std::uint64_t sequence) const;
    [[nodiscard]] std::string receipt_key(std::uint64_t sequence) const;
    [[nodiscard]] std::string changes_key(std::uint64_t sequence) const;
    [[nodiscard]] std::string checkpoint_key(std::uint64_t sequence) const;
    // The payload of an object in the store.
    [[nodiscard]] std::string payload(const std::string& key, std::string_view type) const;
    // Puts another payload in its place, signed with `key`.
    void replace(const std::string& object, std::string_view type, const std::string& payload,
                 const SigningKey& key);

    MemoryStore store;
    TrustSet trust = shop_trust();
    StreamName stream{"shop"};
    AgentName east{"app-east"};
    AgentName west{"app-west"};
    SourceName tree{"uploads"};
    Timestamp now = *parse_rfc3339("2026-11-22T18:44:49Z");
    std::map<std::string, FileEntry> entries;  // the tree as it is
    MarkNumber last_mark;

  private:
    FileEntry random_entry(const std::string& path);
    storage::ChangeList list_of(const std::map<std::string, FileEntry>& of) const;

    std::mt19937 random_;
    TemporaryDirectory directory_;
    storage::Database primary_{directory_ / "primary.db"};
    storage::Database secondary_{directory_ / "secondary.db"};

  public:
    storage::Outbox primary_outbox{primary_};
    storage::Outbox secondary_outbox{secondary_};
    storage::ManifestWriter manifests{primary_, stream, east, east_key()};
    storage::ReceiptWriter receipts{secondary_, stream, west, west_key()};
    storage::Database& secondary_database() { return secondary_; }

  private:
    std::map<std::string, FileEntry> changed_;  // since the last manifest, tombstones included
    std::vector<std::string> envelopes_;        // since the last manifest
};

}  // namespace farshore::test
