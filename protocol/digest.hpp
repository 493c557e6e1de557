#pragma once
// SHA-256: the truth about content, everywhere in farshore.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace farshore {

struct Digest {
    std::array<std::uint8_t, 32> bytes{};

    auto operator<=>(const Digest&) const = default;
    [[nodiscard]] std::string hex() const;       // 64 lower-case digits
    [[nodiscard]] std::string prefixed() const;  // "sha256:" + hex
    [[nodiscard]] static std::optional<Digest> from_hex(std::string_view text);
    [[nodiscard]] static std::optional<Digest> from_prefixed(std::string_view text);
};

// Incremental SHA-256.
class Sha256 {
  public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;

    void update(std::span<const std::byte> data);
    void update(std::string_view data);
    // The digest of everything so far; begins anew.
    [[nodiscard]] Digest finish();

  private:
    struct Context;
    std::unique_ptr<Context> context_;
};

[[nodiscard]] Digest sha256(std::string_view data);

}  // namespace farshore
