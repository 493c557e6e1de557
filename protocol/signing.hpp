#pragma once
// Ed25519 (RFC 8032): who signs evidence, and how anybody checks it.

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace farshore {

class PublicKey {
  public:
    static constexpr std::size_t size = 32;
    static constexpr std::size_t signature_size = 64;

    // nullopt unless it is 32 bytes / the base64 of 32 bytes.
    [[nodiscard]] static std::optional<PublicKey> from_raw(std::string_view bytes);
    [[nodiscard]] static std::optional<PublicKey> from_base64_text(std::string_view text);

    [[nodiscard]] std::string raw() const;
    [[nodiscard]] std::string base64() const;
    // Lower-case hexadecimal SHA-256 of the raw key: what a signature is labelled with.
    [[nodiscard]] std::string key_id() const;
    [[nodiscard]] std::string to_pem() const;  // SPKI
    [[nodiscard]] bool verify(std::string_view message, std::string_view signature) const;

    auto operator<=>(const PublicKey&) const = default;

  private:
    std::array<std::uint8_t, size> raw_{};
};

// What an agent signs with: a private key. Copies share it, and what replace() puts in its place.
// Thread-safe.
class SigningKey {
  public:
    [[nodiscard]] static SigningKey generate();
    // PKCS #8, not encrypted. Throws Error(bad_key); the message never holds the key.
    [[nodiscard]] static SigningKey from_pem(std::string_view text);

    [[nodiscard]] std::string to_pem() const;
    [[nodiscard]] PublicKey public_key() const;
    [[nodiscard]] std::string sign(std::string_view message) const;  // 64 bytes
    // From now on this key and all its copies sign with what `other` has.
    void replace(const SigningKey& other);
    // The key of this moment, whatever is put in its place: for a signature and its label.
    [[nodiscard]] SigningKey current() const;

  private:
    struct Secret;
    struct Holder;
    explicit SigningKey(std::shared_ptr<const Secret> secret);
    [[nodiscard]] std::shared_ptr<const Secret> secret() const;

    std::shared_ptr<Holder> holder_;
};

}  // namespace farshore
