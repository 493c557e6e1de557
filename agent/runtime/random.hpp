#pragma once
// Randomness comes in through here; tests hand in a seeded one.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace farshore::runtime {

class Random {
  public:
    virtual ~Random() = default;
    virtual void fill(std::span<std::byte> into) = 0;

    [[nodiscard]] std::string bytes(std::size_t count);
    [[nodiscard]] std::uint64_t number();
};

// The kernel's generator (getrandom): fit for keys. Thread-safe.
class SystemRandom : public Random {
  public:
    void fill(std::span<std::byte> into) override;
};

}  // namespace farshore::runtime
