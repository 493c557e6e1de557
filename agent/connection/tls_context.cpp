#include "agent/connection/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <ctime>
#include <vector>

#include "agent/config/load.hpp"
#include "agent/connection/openssl_handles.hpp"

namespace farshore::connection {

namespace {

constexpr std::int64_t day_nanoseconds = 24LL * 60 * 60 * 1'000'000'000;

[[noreturn]] void refuse(const std::string& what) {
    throw Error(ErrorCode::bad_key, what);
}

std::set<std::string> names_of(X509* certificate) {
    std::set<std::string> names;
    std::array<char, 256> common{};
    const int length = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                                 common.data(), static_cast<int>(common.size()));
    if (length > 0) {  // all of it: behind a zero byte it may go on
        names.emplace(common.data(), static_cast<std::size_t>(length));
    }
    using NamesHandle = std::unique_ptr<GENERAL_NAMES, FreeBy<GENERAL_NAMES_free>>;
    const NamesHandle alternative(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; alternative && i < sk_GENERAL_NAME_num(alternative.get()); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(alternative.get(), i);
        if (name->type == GEN_DNS) {
            const ASN1_IA5STRING* text = name->d.dNSName;
            names.emplace(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                          static_cast<std::size_t>(ASN1_STRING_length(text)));
        }
    }
    return names;
}

Timestamp to_timestamp(const ASN1_TIME* time) {
    std::tm fields{};
    if (ASN1_TIME_to_tm(time, &fields) != 1) {
        refuse("a certificate's end can't be read");
    }
    constexpr std::int64_t second = 1'000'000'000;
    const std::int64_t seconds = ::timegm(&fields);
    return {std::clamp<std::int64_t>(seconds, 0, INT64_MAX / second) * second};
}

// The words for a certificate that this end did not accept.
std::string verify_text(long result) {
    switch (result) {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return "its certificate has expired";
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return "its certificate is not valid yet (is a clock wrong?)";
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_CERT_SIGNATURE_FAILURE:
            return "its certificate is not from our CA";
        default:
            return std::string("its certificate is not accepted: ") +
                   X509_verify_cert_error_string(result);
    }
}

// Why the CA of `ssl` does not vouch for its own certificate, times apart; "" when it does.
std::string chain_fault(SSL_CTX* ssl) {
    STACK_OF(X509)* intermediates = nullptr;
    SSL_CTX_get0_chain_certs(ssl, &intermediates);
    const StoreContextHandle context(X509_STORE_CTX_new());
    if (!context || X509_STORE_CTX_init(context.get(), SSL_CTX_get_cert_store(ssl),
                                        SSL_CTX_get0_certificate(ssl), intermediates) != 1) {
        refuse("cannot check the certificate: " + openssl_error());
    }
    X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(context.get()),
                                X509_V_FLAG_NO_CHECK_TIME);
    if (X509_verify_cert(context.get()) == 1) {
        return "";
    }
    return X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
}

std::string joined(const std::set<std::string>& names) {
    std::string text;
    for (const std::string& name : names) {
        text += (text.empty() ? "" : ", ") + name;
    }
    return text.empty() ? "no name" : text;
}

// The words for an error of OpenSSL's SSL library; alerts are what the other end said.
std::string ssl_text(unsigned long code) {
    switch (ERR_GET_REASON(code)) {
        case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
        case SSL_R_TLSV1_ALERT_DECRYPT_ERROR:
            return "it refused our certificate: not from its CA";
        case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
            return "it refused our certificate: expired, or not valid yet";
        case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
        case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
        case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
            return "it refused our certificate";
        case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
            return "it misses our certificate";
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
            return "it has no certificate";
        case SSL_R_WRONG_VERSION_NUMBER:
        case SSL_R_HTTP_REQUEST:
        case SSL_R_HTTPS_PROXY_REQUEST:
        case SSL_R_BAD_RECORD_TYPE:
            return "it does not speak TLS";
        case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
        case SSL_R_UNSUPPORTED_PROTOCOL:
        case SSL_R_NO_PROTOCOLS_AVAILABLE:
            return "it does not speak TLS 1.3";
        default:
            break;
    }
    const char* reason = ERR_reason_error_string(code);
    return reason != nullptr ? reason : "TLS failed";
}

}  // namespace

TlsMaterial load_tls_material(storage::FileSystem& files, const config::Tls& paths) {
    try {
        config::check_key_file(files, paths.key);
        return {.ca = config::read_small_file(files, paths.ca),
                .certificate = config::read_small_file(files, paths.certificate),
                .key = config::read_small_file(files, paths.key),
                .ca_file = paths.ca,
                .certificate_file = paths.certificate,
                .key_file = paths.key};
    } catch (const Error& error) {
        throw Error(ErrorCode::bad_key, error.message());
    }
}

struct TlsContext::Loaded {
    explicit Loaded(const TlsMaterial& material);

    asio::ssl::context context{asio::ssl::context::tls};
    std::string certificate_file;
    std::set<std::string> own_names;
    std::string chain_fault;  // why our CA does not vouch for our certificate; "": it does
    Timestamp begins;
    Timestamp expires;
    std::string first_to_expire;
};

TlsContext::Loaded::Loaded(const TlsMaterial& material)
    : certificate_file(material.certificate_file) {
    SSL_CTX* ssl = context.native_handle();
    SSL_CTX_set_min_proto_version(ssl, TLS1_3_VERSION);
    SSL_CTX_set_num_tickets(ssl, 0);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);

    const CertificateHandle ca = read_certificate(material.ca);
    const CertificateHandle own = read_certificate(material.certificate);
    const KeyHandle key = read_private_key(material.key);
    if (!ca || X509_check_ca(ca.get()) == 0) {
        refuse("cannot use " + material.ca_file + ": it holds no CA certificate in PEM form");
    }
    if (!own) {
        refuse("cannot use " + material.certificate_file + ": it holds no certificate in PEM form");
    }
    if (!key) {
        refuse("cannot use " + material.key_file +
               ": it holds no private key in PEM form without passphrase");
    }
    boost::system::error_code error;
    context.add_certificate_authority(asio::buffer(material.ca), error);
    if (!error) {
        context.use_certificate_chain(asio::buffer(material.certificate), error);
    }
    if (error || SSL_CTX_use_PrivateKey(ssl, key.get()) != 1 ||
        SSL_CTX_check_private_key(ssl) != 1) {
        refuse("the certificate " + material.certificate_file + " and the key " +
               material.key_file + " don't fit: " + openssl_error());
    }
    own_names = names_of(own.get());
    chain_fault = connection::chain_fault(ssl);
    begins = std::max(to_timestamp(X509_get0_notBefore(own.get())),
                      to_timestamp(X509_get0_notBefore(ca.get())));
    const Timestamp own_end = to_timestamp(X509_get0_notAfter(own.get()));
    const Timestamp ca_end = to_timestamp(X509_get0_notAfter(ca.get()));
    expires = std::min(own_end, ca_end);
    first_to_expire = ca_end < own_end ? material.ca_file : material.certificate_file;
}

TlsContext::TlsContext(const TlsMaterial& material) : loaded_(std::make_shared<Loaded>(material)) {}

TlsContext::~TlsContext() = default;

void TlsContext::replace(const TlsMaterial& material) {
    auto next = std::make_shared<Loaded>(material);
    const std::lock_guard lock(mutex_);
    loaded_.swap(next);
}

std::shared_ptr<TlsContext::Loaded> TlsContext::loaded() const {
    const std::lock_guard lock(mutex_);
    return loaded_;
}

std::shared_ptr<asio::ssl::context> TlsContext::context() const {
    auto now = loaded();
    return {now, &now->context};
}

std::set<std::string> TlsContext::own_names() const {
    return loaded()->own_names;
}

Timestamp TlsContext::expires() const {
    return loaded()->expires;
}

std::string TlsContext::first_to_expire() const {
    return loaded()->first_to_expire;
}

std::optional<Error> TlsContext::objection(const AgentName& agent, Timestamp now) const {
    const auto ours = loaded();
    if (!ours->own_names.contains(agent.str())) {
        return Error(ErrorCode::wrong_peer, ours->certificate_file + " is of " +
                                                joined(ours->own_names) + ", not of " +
                                                agent.str() + ": no peer takes it");
    }
    if (!ours->chain_fault.empty()) {
        return Error(
            ErrorCode::tls_failed,
            ours->certificate_file + " is not from our CA, no peer takes it: " + ours->chain_fault);
    }
    if (now < ours->begins) {
        return Error(ErrorCode::tls_failed,
                     ours->certificate_file + " or its CA is not valid before " +
                         to_rfc3339(ours->begins) + " (is the clock wrong?)");
    }
    if (now >= ours->expires) {
        return Error(ErrorCode::certificate_expired,
                     ours->first_to_expire + " has expired at " + to_rfc3339(ours->expires));
    }
    return std::nullopt;
}

std::int64_t TlsContext::days_left(Timestamp now) const {
    const std::int64_t left = (expires() - now).nanoseconds;
    return left >= 0 ? left / day_nanoseconds : -1 - (-left) / day_nanoseconds;
}

std::set<std::string> peer_names(TlsStream& stream) {
    const CertificateHandle certificate(SSL_get1_peer_certificate(stream.native_handle()));
    return certificate ? names_of(certificate.get()) : std::set<std::string>();
}

Error tls_failure(TlsStream& stream, const boost::system::error_code& error,
                  const std::string& peer) {
    const long verified = SSL_get_verify_result(stream.native_handle());
    if (error.category() == asio::error::get_ssl_category()) {
        const std::string text = verified != X509_V_OK
                                     ? verify_text(verified)
                                     : ssl_text(static_cast<unsigned long>(error.value()));
        return {ErrorCode::tls_failed, "no TLS with " + peer + ": " + text};
    }
    const bool ended = error == asio::error::eof || error == asio::ssl::error::stream_truncated;
    return {ErrorCode::connection_lost, "the connection with " + peer + " was lost: " +
                                            (ended ? "closed by the peer" : error.message())};
}

}  // namespace farshore::connection
