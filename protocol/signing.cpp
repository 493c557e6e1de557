#include "protocol/signing.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <climits>
#include <mutex>

#include "protocol/base64.hpp"
#include "protocol/digest.hpp"
#include "protocol/error.hpp"

namespace farshore {

namespace {

struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
    void operator()(BIO* bio) const { BIO_free_all(bio); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

const unsigned char* octets(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long length = BIO_get_mem_data(bio, &data);
    FARSHORE_ASSERT(length > 0);
    return {data, static_cast<std::size_t>(length)};
}

// Without this OpenSSL would ask for a passphrase on the terminal.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*rwflag*/, void* /*user*/) {
    return -1;
}

}  // namespace

std::optional<PublicKey> PublicKey::from_raw(std::string_view bytes) {
    if (bytes.size() != size) {
        return std::nullopt;
    }
    PublicKey key;
    std::copy(bytes.begin(), bytes.end(), key.raw_.begin());
    return key;
}

std::optional<PublicKey> PublicKey::from_base64_text(std::string_view text) {
    const std::optional<std::string> bytes = from_base64(text);
    return bytes ? from_raw(*bytes) : std::nullopt;
}

std::string PublicKey::raw() const {
    return {raw_.begin(), raw_.end()};
}

std::string PublicKey::base64() const {
    return to_base64(raw());
}

std::string PublicKey::key_id() const {
    return sha256(raw()).hex();
}

std::string PublicKey::to_pem() const {
    const Owned<EVP_PKEY> key(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw_.data(), raw_.size()));
    const Owned<BIO> bio(BIO_new(BIO_s_mem()));
    FARSHORE_ASSERT(key && bio && PEM_write_bio_PUBKEY(bio.get(), key.get()) == 1);
    return text_of(bio.get());
}

bool PublicKey::verify(std::string_view message, std::string_view signature) const {
    if (signature.size() != signature_size) {
        return false;
    }
    const Owned<EVP_PKEY> key(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw_.data(), raw_.size()));
    const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
    // 1 is the only yes: everything else, errors included, is a no.
    return key && context &&
           EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
           EVP_DigestVerify(context.get(), octets(signature), signature.size(), octets(message),
                            message.size()) == 1;
}

struct SigningKey::Secret {
    Owned<EVP_PKEY> key;
};

struct SigningKey::Holder {
    std::mutex mutex;
    std::shared_ptr<const Secret> secret;
};

SigningKey::SigningKey(std::shared_ptr<const Secret> secret) : holder_(std::make_shared<Holder>()) {
    holder_->secret = std::move(secret);
}

std::shared_ptr<const SigningKey::Secret> SigningKey::secret() const {
    const std::lock_guard lock(holder_->mutex);
    return holder_->secret;
}

void SigningKey::replace(const SigningKey& other) {
    auto secret = other.secret();
    const std::lock_guard lock(holder_->mutex);
    holder_->secret = std::move(secret);
}

SigningKey SigningKey::current() const {
    return SigningKey(secret());
}

PublicKey SigningKey::public_key() const {
    std::array<unsigned char, PublicKey::size> raw{};
    std::size_t length = raw.size();
    FARSHORE_ASSERT(EVP_PKEY_get_raw_public_key(secret()->key.get(), raw.data(), &length) == 1 &&
                    length == raw.size());
    return *PublicKey::from_raw({reinterpret_cast<const char*>(raw.data()), raw.size()});
}

SigningKey SigningKey::generate() {
    const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nullptr));
    EVP_PKEY* key = nullptr;
    if (!context || EVP_PKEY_keygen_init(context.get()) != 1 ||
        EVP_PKEY_keygen(context.get(), &key) != 1) {
        throw Error(ErrorCode::internal, "cannot make a signing key: OpenSSL has no randomness");
    }
    return SigningKey(std::make_shared<Secret>(Secret{Owned<EVP_PKEY>(key)}));
}

SigningKey SigningKey::from_pem(std::string_view text) {
    if (text.size() > 16UL * 1024) {
        throw Error(ErrorCode::bad_key, "signing key: too long to be one");
    }
    const Owned<BIO> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    FARSHORE_ASSERT(bio);
    Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
    if (!key) {
        throw Error(ErrorCode::bad_key, "signing key: not an unencrypted PKCS #8 key in PEM");
    }
    if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_ED25519) {
        throw Error(ErrorCode::bad_key, "signing key: not an Ed25519 key");
    }
    return SigningKey(std::make_shared<Secret>(Secret{std::move(key)}));
}

std::string SigningKey::to_pem() const {
    const Owned<BIO> bio(BIO_new(BIO_s_mem()));
    FARSHORE_ASSERT(bio && PEM_write_bio_PKCS8PrivateKey(bio.get(), secret()->key.get(), nullptr,
                                                         nullptr, 0, nullptr, nullptr) == 1);
    return text_of(bio.get());
}

std::string SigningKey::sign(std::string_view message) const {
    const auto secret = this->secret();
    const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
    std::string signature(PublicKey::signature_size, '\0');
    std::size_t length = signature.size();
    FARSHORE_ASSERT(context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr,
                                                  secret->key.get()) == 1);
    FARSHORE_ASSERT(EVP_DigestSign(context.get(),
                                   reinterpret_cast<unsigned char*>(signature.data()), &length,
                                   octets(message), message.size()) == 1);
    FARSHORE_ASSERT(length == signature.size());
    return signature;
}

}  // namespace farshore
