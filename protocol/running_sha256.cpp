#include "protocol/running_sha256.hpp"

#include <openssl/evp.h>

#include "protocol/assert.hpp"

namespace farshore {

struct RunningSha256::Context {
    EVP_MD_CTX* md = EVP_MD_CTX_new();

    Context() { FARSHORE_ASSERT(md != nullptr); }
    ~Context() { EVP_MD_CTX_free(md); }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
};

RunningSha256::RunningSha256() : context_(std::make_unique<Context>()) {
    FARSHORE_ASSERT(EVP_DigestInit_ex(context_->md, EVP_sha256(), nullptr) == 1);
}
RunningSha256::~RunningSha256() = default;
RunningSha256::RunningSha256(RunningSha256&&) noexcept = default;
RunningSha256& RunningSha256::operator=(RunningSha256&&) noexcept = default;

void RunningSha256::update(std::string_view data) {
    FARSHORE_ASSERT(EVP_DigestUpdate(context_->md, data.data(), data.size()) == 1);
}

Digest RunningSha256::so_far() const {
    const Context copy;
    FARSHORE_ASSERT(EVP_MD_CTX_copy_ex(copy.md, context_->md) == 1);
    Digest digest;
    FARSHORE_ASSERT(EVP_DigestFinal_ex(copy.md, digest.bytes.data(), nullptr) == 1);
    return digest;
}

}  // namespace farshore
