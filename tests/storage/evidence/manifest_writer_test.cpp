#include "storage/evidence/manifest_writer.hpp"

#include <gtest/gtest.h>

#include "tests/support/evidence_world.hpp"

namespace farshore::storage {
namespace {

TEST(ManifestWriter, EachManifestNamesTheOneBefore) {
    test::EvidenceWorld world;
    world.run(3);
    Digest previous = sha256(world.payload("epochs/shop/00000001.json", payload_type::epoch));
    for (std::uint64_t sequence = 1; sequence <= 3; ++sequence) {
        const std::string payload =
            world.payload(world.manifest_key(sequence), payload_type::manifest);
        const Manifest manifest = parse_manifest(payload).take();
        EXPECT_EQ(manifest.previous, previous);
        EXPECT_EQ(manifest.sequence, Sequence(sequence));
        EXPECT_EQ(manifest.marks.size(), 3U);
        previous = sha256(payload);
    }
    EXPECT_EQ(world.manifests.standing()->last_mark, MarkNumber(9));
    EXPECT_EQ(world.manifests.standing()->last_cut, CutNumber(9));
}

TEST(ManifestWriter, WhatAManifestNamesIsInTheStoreBeforeIt) {
    test::EvidenceWorld world;
    world.run(2);
    std::vector<std::string> expected{"epochs/shop/00000001.json", world.changes_key(1),
                                      world.checkpoint_key(1),     world.manifest_key(1),
                                      world.changes_key(2),        world.manifest_key(2),
                                      world.receipt_key(1),        world.receipt_key(2)};
    EXPECT_EQ(world.store.order, expected);
}

TEST(ManifestWriter, RefusesMarksThatDontContinueTheChain) {
    test::EvidenceWorld world;
    world.run(1);
    const auto sealed = [&](MarkNumber number, const AgentName& agent) {
        Mark mark = world.current_mark();
        mark.mark = number;
        mark.agent = agent;
        return seal_envelope(payload_type::mark, to_payload(mark), test::east_key());
    };
    const auto refused = [&](const std::string& envelope) {
        ManifestContent content;
        content.marks = {envelope};
        EXPECT_THROW(world.manifests.write(content, world.now), Error);
    };
    refused(sealed(MarkNumber(3), world.east));
    refused(sealed(MarkNumber(5), world.east));
    refused(sealed(MarkNumber(4), world.west));
    EXPECT_THROW(world.manifests.write({}, world.now), Error);
    EXPECT_EQ(world.primary_outbox.figures().queued, 0U);
    EXPECT_EQ(world.manifests.standing()->sequence, Sequence(1));
}

TEST(ManifestWriter, CheckpointsComeAfterADay) {
    test::EvidenceWorld world;
    EXPECT_TRUE(world.manifests.needs_checkpoint(world.tree, world.now));
    world.run(1);
    EXPECT_FALSE(world.manifests.needs_checkpoint(world.tree, world.now));
    const Duration day{86'400LL * 1'000'000'000};
    EXPECT_FALSE(world.manifests.needs_checkpoint(world.tree, world.now + (day - Duration{1})));
    EXPECT_TRUE(world.manifests.needs_checkpoint(world.tree, world.now + day));
    EXPECT_TRUE(world.manifests.needs_checkpoint(SourceName("other"), world.now));
    world.manifests.begin_epoch(Epoch(2), sha256("2"));
    EXPECT_TRUE(world.manifests.needs_checkpoint(world.tree, world.now));
}

}  // namespace
}  // namespace farshore::storage
