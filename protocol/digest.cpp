#include "protocol/digest.hpp"

#include <openssl/evp.h>

#include "protocol/error.hpp"

namespace farshore {

namespace {

constexpr std::string_view prefix = "sha256:";

int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return -1;
}

}  // namespace

std::string Digest::hex() const {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(64);
    for (std::uint8_t byte : bytes) {
        text.push_back(digits[byte >> 4]);
        text.push_back(digits[byte & 15U]);
    }
    return text;
}

std::string Digest::prefixed() const {
    return std::string(prefix) + hex();
}

std::optional<Digest> Digest::from_hex(std::string_view text) {
    if (text.size() != 64) {
        return std::nullopt;
    }
    Digest digest;
    for (std::size_t i = 0; i < 32; ++i) {
        const int high = hex_value(text[2 * i]);
        const int low = hex_value(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return std::nullopt;
        }
        digest.bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
    }
    return digest;
}

std::optional<Digest> Digest::from_prefixed(std::string_view text) {
    if (!text.starts_with(prefix)) {
        return std::nullopt;
    }
    return from_hex(text.substr(prefix.size()));
}

struct Sha256::Context {
    EVP_MD_CTX* md = EVP_MD_CTX_new();

    Context() { begin(); }
    ~Context() { EVP_MD_CTX_free(md); }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    void begin() const {
        // Fetched once: EVP_sha256() is looked up anew at each init otherwise.
        static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
        FARSHORE_ASSERT(md != nullptr && algorithm != nullptr);
        FARSHORE_ASSERT(EVP_DigestInit_ex2(md, algorithm, nullptr) == 1);
    }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::span<const std::byte> data) {
    FARSHORE_ASSERT(EVP_DigestUpdate(context_->md, data.data(), data.size()) == 1);
}

void Sha256::update(std::string_view data) {
    FARSHORE_ASSERT(EVP_DigestUpdate(context_->md, data.data(), data.size()) == 1);
}

Digest Sha256::finish() {
    Digest digest;
    FARSHORE_ASSERT(EVP_DigestFinal_ex(context_->md, digest.bytes.data(), nullptr) == 1);
    context_->begin();
    return digest;
}

Digest sha256(std::string_view data) {
    Sha256 hash;
    hash.update(data);
    return hash.finish();
}

}  // namespace farshore
