#pragma once
// The digest of a tree: independent of order, kept up to date with each changed entry.

#include "protocol/digest.hpp"

namespace farshore {

// The sum modulo 2^256 of the digests of a tree's entries (entry_digest), as big-endian numbers.
// An aid for comparing two trees; the proof is the listing itself.
class TreeDigest {
  public:
    TreeDigest() = default;
    explicit TreeDigest(const Digest& sum) : sum_(sum) {}

    void add(const Digest& entry);
    void subtract(const Digest& entry);
    [[nodiscard]] const Digest& value() const { return sum_; }

    auto operator<=>(const TreeDigest&) const = default;

  private:
    Digest sum_;
};

}  // namespace farshore
