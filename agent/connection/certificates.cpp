#include "agent/connection/certificates.hpp"

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/pem.h>

#include <ctime>

#include "agent/connection/openssl_handles.hpp"
#include "protocol/error.hpp"

namespace farshore::connection {

namespace {

constexpr std::int64_t day_seconds = 24L * 60 * 60;
constexpr std::int64_t ca_days = 10L * 365;
constexpr std::int64_t agent_days = 2L * 365;
// Hosts whose clocks are a little behind this one's accept the certificate at once.
constexpr std::int64_t back_dated_seconds = 60L * 60;
constexpr int serial_bits = 127;

using NumberHandle = std::unique_ptr<BIGNUM, FreeBy<BN_free>>;
using ExtensionHandle = std::unique_ptr<X509_EXTENSION, FreeBy<X509_EXTENSION_free>>;

void require(bool went_well, const char* deed) {
    if (!went_well) {
        throw Error(ErrorCode::bad_key, std::string("cannot ") + deed + ": " + openssl_error());
    }
}

KeyHandle make_key() {
    KeyHandle key(EVP_EC_gen("P-256"));
    require(key != nullptr, "make a key");
    return key;
}

void set_serial(X509* certificate) {
    const NumberHandle number(BN_new());
    require(BN_rand(number.get(), serial_bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
                BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr,
            "number a certificate");
}

void set_validity(X509* certificate, Timestamp now, std::int64_t days) {
    const std::time_t from = now.nanoseconds / 1'000'000'000 - back_dated_seconds;
    const std::time_t until = from + static_cast<std::time_t>(days * day_seconds);
    require(ASN1_TIME_set(X509_getm_notBefore(certificate), from) != nullptr &&
                ASN1_TIME_set(X509_getm_notAfter(certificate), until) != nullptr,
            "date a certificate");
}

void set_name(X509_NAME* name, const std::string& text) {
    require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                       reinterpret_cast<const unsigned char*>(text.data()),
                                       static_cast<int>(text.size()), -1, 0) == 1,
            "name a certificate");
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
    X509V3_CTX context{};
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const ExtensionHandle extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
    require(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1,
            "extend a certificate");
}

CertificatePair to_pem(X509* certificate, EVP_PKEY* key) {
    const BioHandle certificate_bio(BIO_new(BIO_s_mem()));
    const BioHandle key_bio(BIO_new(BIO_s_mem()));
    require(PEM_write_bio_X509(certificate_bio.get(), certificate) == 1 &&
                PEM_write_bio_PKCS8PrivateKey(key_bio.get(), key, nullptr, nullptr, 0, nullptr,
                                              nullptr) == 1,
            "write a certificate");
    return {bio_text(certificate_bio.get()), bio_text(key_bio.get())};
}

// OpenSSL's own syntax: a comma begins the next name, so none may be inside one.
std::string alternative_names(const AgentName& agent, const std::vector<std::string>& hosts) {
    std::string names = "DNS:" + agent.str();
    for (const std::string& host : hosts) {
        if (host.empty() || host.find_first_of(", \n\r\t@") != std::string::npos) {
            throw Error(ErrorCode::bad_name, "\"" + host + "\" is no host's name or address");
        }
        const bool is_address = host.find(':') != std::string::npos ||
                                host.find_first_not_of("0123456789.") == std::string::npos;
        names += (is_address ? ",IP:" : ",DNS:") + host;
    }
    return names;
}

}  // namespace

CertificatePair make_ca(const std::string& name, Timestamp now) {
    const KeyHandle key = make_key();
    const CertificateHandle ca(X509_new());
    require(ca != nullptr && X509_set_version(ca.get(), X509_VERSION_3) == 1 &&
                X509_set_pubkey(ca.get(), key.get()) == 1,
            "make a CA");
    set_serial(ca.get());
    set_validity(ca.get(), now, ca_days);
    set_name(X509_get_subject_name(ca.get()), name);
    require(X509_set_issuer_name(ca.get(), X509_get_subject_name(ca.get())) == 1, "name a CA");
    add_extension(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
    add_extension(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
    add_extension(ca.get(), ca.get(), NID_subject_key_identifier, "hash");
    require(X509_sign(ca.get(), key.get(), EVP_sha256()) != 0, "sign a CA");
    return to_pem(ca.get(), key.get());
}

CertificatePair make_agent_certificate(const CertificatePair& ca, const AgentName& agent,
                                       const std::vector<std::string>& hosts, Timestamp now) {
    const CertificateHandle issuer = read_certificate(ca.certificate);
    const KeyHandle issuer_key = read_private_key(ca.key);
    require(issuer != nullptr && issuer_key != nullptr &&
                X509_check_private_key(issuer.get(), issuer_key.get()) == 1,
            "use the CA: certificate and key are not a pair");
    const KeyHandle key = make_key();
    const CertificateHandle leaf(X509_new());
    require(leaf != nullptr && X509_set_version(leaf.get(), X509_VERSION_3) == 1 &&
                X509_set_pubkey(leaf.get(), key.get()) == 1 &&
                X509_set_issuer_name(leaf.get(), X509_get_subject_name(issuer.get())) == 1,
            "make a certificate");
    set_serial(leaf.get());
    set_validity(leaf.get(), now, agent_days);
    if (ASN1_TIME_compare(X509_get0_notAfter(issuer.get()), X509_get0_notAfter(leaf.get())) < 0) {
        require(X509_set1_notAfter(leaf.get(), X509_get0_notAfter(issuer.get())) == 1,
                "date a certificate");
    }
    set_name(X509_get_subject_name(leaf.get()), agent.str());
    add_extension(leaf.get(), issuer.get(), NID_basic_constraints, "critical,CA:FALSE");
    add_extension(leaf.get(), issuer.get(), NID_key_usage, "critical,digitalSignature");
    add_extension(leaf.get(), issuer.get(), NID_ext_key_usage, "serverAuth,clientAuth");
    add_extension(leaf.get(), issuer.get(), NID_subject_alt_name, alternative_names(agent, hosts));
    add_extension(leaf.get(), issuer.get(), NID_subject_key_identifier, "hash");
    add_extension(leaf.get(), issuer.get(), NID_authority_key_identifier, "keyid:always");
    require(X509_sign(leaf.get(), issuer_key.get(), EVP_sha256()) != 0, "sign a certificate");
    return to_pem(leaf.get(), key.get());
}

}  // namespace farshore::connection
