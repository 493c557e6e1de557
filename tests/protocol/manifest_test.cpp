#include "protocol/manifest.hpp"

#include <gtest/gtest.h>

#include "tests/protocol/evidence_test_forms.hpp"
#include "tests/support/sample_evidence.hpp"

namespace farshore {
namespace {

Manifest with_lists() {
    Manifest manifest = test::sample_manifest();
    manifest.changes = {{SourceName("uploads"), "changes/x", sha256("x"), 13}};
    manifest.checkpoints = {{SourceName("uploads"), "checkpoints/x", sha256("y"), 1ULL << 60}};
    return manifest;
}

TEST(Manifest, RoundTripsWithTheMarksUnchanged) {
    const Manifest manifest = with_lists();
    const Result<Manifest> read = parse_manifest(to_payload(manifest));
    ASSERT_TRUE(read.ok()) << read.error().message();
    EXPECT_EQ(read.value(), manifest);
    EXPECT_NE(to_payload(manifest).find(test::sample_mark_envelope()), std::string::npos);
}

TEST(Manifest, IsReadStrictly) {
    test::expect_strict(to_payload(with_lists()),
                        "agent changes checkpoints epoch marks previous sequence stream tree "
                        "object digest count",
                        parse_manifest);
}

TEST(Manifest, NamesATreeOnce) {
    Manifest manifest = with_lists();
    manifest.changes.push_back(manifest.changes.front());
    EXPECT_FALSE(parse_manifest(to_payload(manifest)).ok());
}

TEST(Manifest, NumbersBeginWithOne) {
    Manifest manifest = with_lists();
    manifest.sequence = Sequence(0);
    EXPECT_FALSE(parse_manifest(to_payload(manifest)).ok());
    manifest = with_lists();
    manifest.epoch = Epoch(0);
    EXPECT_FALSE(parse_manifest(to_payload(manifest)).ok());
}

}  // namespace
}  // namespace farshore
