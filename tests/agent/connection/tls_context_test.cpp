#include "agent/connection/tls_context.hpp"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include "agent/connection/openssl_handles.hpp"
#include "agent/runtime/system_clock.hpp"
#include "storage/disk/posix_file_system.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_certificates.hpp"

namespace farshore::connection {
namespace {

class TlsContextTest : public ::testing::Test {
  protected:
    TlsContextTest() {
        paths_ = {directory_ / "ca.crt", directory_ / "agent.crt", directory_ / "agent.key"};
        test::write_whole(paths_.ca, material_.ca);
        test::write_whole(paths_.certificate, material_.certificate);
        test::write_whole(paths_.key, material_.key);
        ::chmod(paths_.key.c_str(), 0600);
    }
    ErrorCode load_error() {
        try {
            static_cast<void>(load_tls_material(files_, paths_));
        } catch (const Error& error) {
            message_ = error.message();
            return error.code();
        }
        return ErrorCode::internal;
    }
    static ErrorCode error_of(const TlsMaterial& material) {
        try {
            const TlsContext context(material);
        } catch (const Error& error) {
            return error.code();
        }
        return ErrorCode::internal;
    }

    test::TemporaryDirectory directory_;
    storage::PosixFileSystem files_;
    test::TestCertificates certificates_{runtime::SystemClock().utc_now()};
    TlsMaterial material_ = certificates_.material("east");
    config::Tls paths_;
    std::string message_;
};

TEST_F(TlsContextTest, LoadsWhatInitWrote) {
    const TlsMaterial loaded = load_tls_material(files_, paths_);
    EXPECT_EQ(loaded.key, material_.key);
    EXPECT_TRUE(TlsContext(loaded).own_names().contains("east"));
}

TEST_F(TlsContextTest, ANameWithAZeroByteIsNotTheOneBeforeIt) {
    TlsMaterial material = certificates_.material("west");
    const CertificateHandle certificate = read_certificate(material.certificate);
    const KeyHandle key = read_private_key(material.key);
    const std::unique_ptr<X509_NAME, FreeBy<X509_NAME_free>> name(X509_NAME_new());
    const std::string text("east\0.example.net", 17);
    ASSERT_EQ(X509_NAME_add_entry_by_NID(name.get(), NID_commonName, V_ASN1_UTF8STRING,
                                         reinterpret_cast<const unsigned char*>(text.data()),
                                         static_cast<int>(text.size()), -1, 0),
              1);
    ASSERT_EQ(X509_set_subject_name(certificate.get(), name.get()), 1);
    ASSERT_NE(X509_sign(certificate.get(), key.get(), EVP_sha256()), 0);
    const BioHandle bio(BIO_new(BIO_s_mem()));
    ASSERT_EQ(PEM_write_bio_X509(bio.get(), certificate.get()), 1);
    material.certificate = bio_text(bio.get());
    const std::set<std::string> names = TlsContext(material).own_names();
    EXPECT_TRUE(names.contains("west"));  // its alternative name
    EXPECT_FALSE(names.contains("east"));
}

TEST_F(TlsContextTest, AKeyThatOthersCanReadIsRefused) {
    for (const unsigned mode : {0604U, 0602U, 0620U, 0666U}) {
        ::chmod(paths_.key.c_str(), mode);
        EXPECT_EQ(load_error(), ErrorCode::bad_key) << std::oct << mode;
        EXPECT_PRED_FORMAT2(::testing::IsSubstring, "agent.key", message_);
    }
    ::chmod(paths_.key.c_str(), 0400);
    EXPECT_EQ(load_error(), ErrorCode::internal);
}

TEST_F(TlsContextTest, AFileThatIsNotThere) {
    paths_.certificate = directory_ / "nothing.crt";
    EXPECT_EQ(load_error(), ErrorCode::bad_key);
    EXPECT_PRED_FORMAT2(::testing::IsSubstring, paths_.certificate, message_);
}

TEST_F(TlsContextTest, ALinkIsFollowed) {
    const std::string real = paths_.certificate;
    paths_.certificate = directory_ / "live.crt";
    ASSERT_EQ(::symlink(real.c_str(), paths_.certificate.c_str()), 0);
    EXPECT_EQ(load_tls_material(files_, paths_).certificate, material_.certificate);
}

TEST_F(TlsContextTest, ACertificateThatNoPeerWouldTake) {
    const Timestamp now = runtime::SystemClock().utc_now();
    const Duration years = Duration::from_seconds(3 * 365 * 86'400);
    const TlsContext own(material_);
    EXPECT_FALSE(own.objection(AgentName("east"), now));
    EXPECT_EQ(own.objection(AgentName("west"), now)->code(), ErrorCode::wrong_peer);
    EXPECT_PRED_FORMAT2(::testing::IsSubstring, "east",
                        own.objection(AgentName("west"), now)->message());
    EXPECT_EQ(own.objection(AgentName("east"), now + years)->code(),
              ErrorCode::certificate_expired);
    EXPECT_EQ(own.objection(AgentName("east"), now + Duration{-years.nanoseconds})->code(),
              ErrorCode::tls_failed);
    TlsMaterial mixed = material_;
    mixed.ca = test::TestCertificates(now, "another CA").ca().certificate;
    EXPECT_EQ(TlsContext(mixed).objection(AgentName("east"), now)->code(), ErrorCode::tls_failed);
}

TEST_F(TlsContextTest, IsReplacedWholeOrNotAtAll) {
    TlsContext context(material_);
    const auto before = context.context();
    EXPECT_THROW(context.replace({material_.ca, "nonsense", material_.key}), Error);
    EXPECT_EQ(context.context(), before);
    context.replace(certificates_.material("west"));
    EXPECT_NE(context.context(), before);
    EXPECT_TRUE(context.own_names().contains("west"));
}

TEST_F(TlsContextTest, TextsThatDontFit) {
    const TlsMaterial other = certificates_.material("west");
    EXPECT_EQ(error_of({material_.ca, material_.certificate, other.key}), ErrorCode::bad_key);
    EXPECT_EQ(error_of({"", material_.certificate, material_.key}), ErrorCode::bad_key);
    EXPECT_EQ(error_of({material_.ca, "nonsense", material_.key}), ErrorCode::bad_key);
    EXPECT_EQ(error_of({material_.ca, material_.certificate, ""}), ErrorCode::bad_key);
    EXPECT_EQ(error_of({material_.certificate, material_.certificate, material_.key}),
              ErrorCode::bad_key);
}

}  // namespace
}  // namespace farshore::connection
