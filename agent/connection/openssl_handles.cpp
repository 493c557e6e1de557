#include "agent/connection/openssl_handles.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <array>

namespace farshore::connection {

namespace {

BioHandle reading(std::string_view text) {
    return BioHandle(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// An agent starts without anybody to ask: a key with a passphrase is no key.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

}  // namespace

CertificateHandle read_certificate(std::string_view pem) {
    const BioHandle bio = reading(pem);
    return CertificateHandle(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

KeyHandle read_private_key(std::string_view pem) {
    const BioHandle bio = reading(pem);
    return KeyHandle(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
}

std::string bio_text(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return std::string(data, static_cast<std::size_t>(size));
}

std::string openssl_error() {
    const unsigned long code = ERR_peek_last_error();
    ERR_clear_error();
    if (code == 0) {
        return "no reason given";
    }
    std::array<char, 256> text{};
    ERR_error_string_n(code, text.data(), text.size());
    const char* reason = ERR_reason_error_string(code);
    return reason != nullptr ? reason : text.data();
}

}  // namespace farshore::connection
