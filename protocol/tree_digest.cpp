#include "protocol/tree_digest.hpp"

namespace farshore {

void TreeDigest::add(const Digest& entry) {
    unsigned carry = 0;
    for (std::size_t i = sum_.bytes.size(); i-- > 0;) {
        const unsigned sum = sum_.bytes[i] + entry.bytes[i] + carry;
        sum_.bytes[i] = static_cast<std::uint8_t>(sum & 0xffU);
        carry = sum >> 8;
    }
}

void TreeDigest::subtract(const Digest& entry) {
    unsigned borrow = 0;
    for (std::size_t i = sum_.bytes.size(); i-- > 0;) {
        const unsigned difference = 0x100U + sum_.bytes[i] - entry.bytes[i] - borrow;
        sum_.bytes[i] = static_cast<std::uint8_t>(difference & 0xffU);
        borrow = difference < 0x100U ? 1 : 0;
    }
}

}  // namespace farshore
