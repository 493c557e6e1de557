#pragma once
// The signed envelope: DSSE v1 with one Ed25519 signature (MARKS.md).

#include <optional>
#include <string>
#include <string_view>

#include "protocol/digest.hpp"
#include "protocol/error.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/limits.hpp"
#include "protocol/signing.hpp"
#include "protocol/trust.hpp"

namespace farshore {

namespace payload_type {
constexpr std::string_view mark = "application/vnd.farshore.mark.v1+json";
constexpr std::string_view manifest = "application/vnd.farshore.manifest.v1+json";
constexpr std::string_view receipt = "application/vnd.farshore.receipt.v1+json";
constexpr std::string_view epoch = "application/vnd.farshore.epoch.v1+json";
constexpr std::string_view failover = "application/vnd.farshore.failover.v1+json";
}  // namespace payload_type

// The envelope's text: canonical JSON, always the same for the same payload and key.
[[nodiscard]] std::string seal_envelope(std::string_view type, std::string_view payload,
                                        const SigningKey& key);

struct OpenedEnvelope {
    std::string payload;
    TrustedKey signer;

    // What chains and receipts name it by.
    [[nodiscard]] Digest payload_digest() const { return sha256(payload); }
};

// The payload, once its type is `type` and its signature is that of a trusted key (which is valid
// `at` that time, when one is given). Errors: malformed, too_large, untrusted, bad_signature.
[[nodiscard]] Result<OpenedEnvelope> open_envelope(
    std::string_view text, std::string_view type, const TrustSet& trust,
    std::optional<Timestamp> at = std::nullopt, std::size_t limit_bytes = limits::evidence_object);

// The payload without looking at the signature: to number and name what this agent signed itself.
[[nodiscard]] Result<std::string> read_envelope_payload(
    std::string_view text, std::string_view type,
    std::size_t limit_bytes = limits::evidence_object);

// What is signed: DSSE's pre-authentication encoding.
[[nodiscard]] std::string pre_authentication_encoding(std::string_view type,
                                                      std::string_view payload);

}  // namespace farshore
