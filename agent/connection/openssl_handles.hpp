#pragma once
// OpenSSL's objects as owners, and its queue of errors as text.

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

namespace farshore::connection {

template <auto free_function>
struct FreeBy {
    template <typename T>
    void operator()(T* object) const {
        free_function(object);
    }
};

using KeyHandle = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>>;
using CertificateHandle = std::unique_ptr<X509, FreeBy<X509_free>>;
using StoreContextHandle = std::unique_ptr<X509_STORE_CTX, FreeBy<X509_STORE_CTX_free>>;
using BioHandle = std::unique_ptr<BIO, FreeBy<BIO_free_all>>;

// nullptr when the text holds no such thing, or a key that is encrypted.
[[nodiscard]] CertificateHandle read_certificate(std::string_view pem);
[[nodiscard]] KeyHandle read_private_key(std::string_view pem);
[[nodiscard]] std::string bio_text(BIO* bio);

// The newest error of this thread in OpenSSL's words; empties the queue.
[[nodiscard]] std::string openssl_error();

}  // namespace farshore::connection
