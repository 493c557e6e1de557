#pragma once
// Reads one piece of evidence from the store and says whether it is what its place promises:
// signature, signer, names and numbers.

#include <cstdint>
#include <functional>
#include <string>

#include "agent/verification/report.hpp"
#include "protocol/envelope.hpp"
#include "protocol/file_entry.hpp"
#include "protocol/manifest.hpp"
#include "protocol/mark.hpp"
#include "protocol/receipt.hpp"
#include "storage/objects/object_keys.hpp"
#include "storage/objects/object_store.hpp"

namespace farshore::verification {

struct ReadManifest {
    Manifest manifest;
    Digest digest;  // of the payload
    TrustedKey signer;
    std::uint64_t bytes = 0;  // of the object
};

struct ReadReceipt {
    Receipt receipt;
    Digest digest;
    TrustedKey signer;
    std::uint64_t bytes = 0;
};

struct ReadMark {
    Mark mark;
    Digest digest;
};

// Errors: not_found, too_large, malformed, bad_signature, untrusted; chain_broken when the object
// is signed but belongs to another place.
[[nodiscard]] Result<ReadManifest> read_manifest(storage::ObjectStore& store, const TrustSet& trust,
                                                 const storage::ManifestKey& key);
[[nodiscard]] Result<ReadReceipt> read_receipt(storage::ObjectStore& store, const TrustSet& trust,
                                               const storage::ReceiptKey& key);
// A mark of the primary `chain.agent`, by a key that is valid at the mark's time.
[[nodiscard]] Result<ReadMark> read_mark(const std::string& envelope, const TrustSet& trust,
                                         const storage::ChainKey& chain);

// What reading a change list or checkpoint came to.
struct ListOutcome {
    std::uint64_t bytes = 0;         // of the object
    std::optional<Finding> finding;  // the first thing that is wrong; nothing after it was read
};
// Calls `each` for every entry of the object that a manifest names, once its digest is right.
[[nodiscard]] ListOutcome read_list(storage::ObjectStore& store, const ManifestObject& object,
                                    const std::function<void(const FileEntry&)>& each);

// The kind of finding that an error of the calls above is.
[[nodiscard]] FindingKind kind_of(const Error& error);

}  // namespace farshore::verification
