#pragma once
// zstd with contexts that are used again and again. Not thread-safe: one for each user.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/error.hpp"

namespace farshore {

// The config's `compression`.
struct CompressionChoice {
    enum class Mode : std::uint8_t { none, automatic, level };
    Mode mode = Mode::automatic;
    int level = 1;

    bool operator==(const CompressionChoice&) const = default;
};

// "auto", "none" or a zstd level from 1 to 19; Error(bad_config) otherwise.
[[nodiscard]] Result<CompressionChoice> parse_compression(std::string_view text);

class Compressor {
  public:
    explicit Compressor(CompressionChoice choice);
    ~Compressor();
    Compressor(Compressor&&) noexcept;
    Compressor& operator=(Compressor&&) noexcept;

    // The compressed bytes, or nullopt where it does not pay: less than a sixteenth would be saved.
    // Automatic: level 1, and a sample from the middle decides about larger bodies.
    [[nodiscard]] std::optional<std::string> compress(std::string_view body);

  private:
    struct Context;

    [[nodiscard]] bool sample_shrinks(std::string_view body);

    CompressionChoice choice_;
    std::unique_ptr<Context> context_;
};

class Decompressor {
  public:
    Decompressor();
    ~Decompressor();
    Decompressor(Decompressor&&) noexcept;
    Decompressor& operator=(Decompressor&&) noexcept;

    // Never writes more than `body_bytes`; anything but exactly so many is Error(malformed).
    [[nodiscard]] Result<std::string> inflate(std::string_view wire, std::size_t body_bytes);

  private:
    struct Context;
    std::unique_ptr<Context> context_;
};

}  // namespace farshore
