// What somebody with write access to the store could do to the evidence; each must be found and
// named.
#include "agent/verification/chain_check.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "agent/verification/witness_check.hpp"
#include "protocol/mark.hpp"
#include "storage/objects/object_keys.hpp"
#include "tests/support/evidence_world.hpp"
#include "tests/support/independent_verifier.hpp"

namespace farshore::verification {
namespace {

using test::EvidenceWorld;

class ChainCheckTest : public testing::Test {
  protected:
    EvidenceWorld world_;
    VerifyReport report_;
    ChainSummary summary_;

    void SetUp() override { world_.run(4); }

    // What each check found, to be held against the independent verifier's findings.
    struct Told {
        std::set<std::string> objects;
        std::string listing;
    };
    test::IndependentVerifier independent_;
    std::vector<Told> told_;

    void check() {
        report_ = {};
        summary_ = check_chain(world_.store, world_.trust, report_, {});
        tell(nullptr);
    }

    // A finding's place as far as the object it is in.
    static std::string object_of(const std::string& place) {
        return place.substr(0, place.find(','));
    }

    void tell(const test::MemoryStore* witness) {
        Told told{{}, listing()};
        for (const Finding& finding : report_.findings) {
            told.objects.insert(object_of(finding.place));
        }
        told_.push_back(std::move(told));
        independent_.add(world_.store, world_.trust, "", witness);
    }

    // Both verifiers find the same stores sound, and name the same objects of the others.
    void TearDown() override {
        const auto results = independent_.run();
        ASSERT_EQ(results.size(), told_.size());
        for (std::size_t i = 0; i < results.size(); ++i) {
            std::set<std::string> objects;
            std::string text;
            for (const auto& finding : results[i].findings) {
                objects.insert(object_of(finding.place));
                text += finding.kind + " " + finding.place + "\n";
            }
            EXPECT_EQ(objects, told_[i].objects) << "store " << i << ": verify found\n"
                                                 << told_[i].listing << "the other\n"
                                                 << text;
        }
    }

    [[nodiscard]] bool has(FindingKind kind, const std::string& place) const {
        return std::any_of(report_.findings.begin(), report_.findings.end(), [&](const auto& f) {
            return f.kind == kind && f.place.find(place) != std::string::npos;
        });
    }

    [[nodiscard]] std::string listing() const {
        std::string text;
        for (const Finding& finding : report_.findings) {
            text += std::string(to_string(finding.kind)) + " " + finding.source + " " +
                    finding.place + ": expected " + finding.expected + ", found " + finding.found +
                    "\n";
        }
        return text;
    }

    void expect(FindingKind kind, const std::string& place) {
        check();
        EXPECT_TRUE(has(kind, place)) << "no " << to_string(kind) << " at " << place << " in\n"
                                      << listing();
        EXPECT_EQ(report_.exit_status(), 1);
    }

    // Alters the manifest and signs it again with the primary's own key.
    void rewrite_manifest(std::uint64_t sequence, const std::function<void(Manifest&)>& alter) {
        const std::string key = world_.manifest_key(sequence);
        Manifest manifest = parse_manifest(world_.payload(key, payload_type::manifest)).take();
        alter(manifest);
        world_.replace(key, payload_type::manifest, to_payload(manifest), test::east_key());
    }

    void rewrite_receipt(std::uint64_t sequence, const std::function<void(Receipt&)>& alter) {
        const std::string key = world_.receipt_key(sequence);
        Receipt receipt = parse_receipt(world_.payload(key, payload_type::receipt)).take();
        alter(receipt);
        world_.replace(key, payload_type::receipt, to_payload(receipt), test::west_key());
    }

    static std::string rewritten_mark(const std::string& envelope,
                                      const std::function<void(Mark&)>& alter) {
        Mark mark = parse_mark(read_envelope_payload(envelope, payload_type::mark).take()).take();
        alter(mark);
        return seal_envelope(payload_type::mark, to_payload(mark), test::east_key());
    }
};

TEST_F(ChainCheckTest, SoundEvidenceHasNoFinding) {
    check();
    EXPECT_EQ(listing(), "");
    EXPECT_EQ(report_.exit_status(), 0);
    ASSERT_EQ(summary_.epochs.size(), 1U);
    EXPECT_EQ(summary_.epochs[0].primary, world_.east);
    EXPECT_EQ(summary_.epochs[0].newest_mark, MarkNumber(12));
    EXPECT_EQ(summary_.epochs[0].manifests, Sequence(4));
    EXPECT_EQ(summary_.epochs[0].secondaries.at(world_.west).applied, MarkNumber(12));
    ASSERT_GE(report_.checked.size(), 2U);
    // epoch, 4 manifests, 4 change lists, 1 checkpoint, 4 receipts
    EXPECT_EQ(report_.checked[0].count, 14U);
    EXPECT_EQ(report_.checked[1].count, 12U);
}

TEST_F(ChainCheckTest, ManyRunsAreSound) {
    for (unsigned seed = 2; seed < 8; ++seed) {
        EvidenceWorld world(seed);
        world.run(3);
        world.now = world.now + Duration{90'000LL * 1'000'000'000};  // a checkpoint is due
        world.run(2);
        VerifyReport report;
        check_chain(world.store, world.trust, report, {});
        EXPECT_EQ(report.findings_total, 0U) << seed << report.findings.front().place;
        EXPECT_TRUE(world.store.objects.contains(world.checkpoint_key(4)));
    }
}

TEST_F(ChainCheckTest, AnyObjectThatIsDeletedIsMissed) {
    const std::map<std::string, std::string> sound = world_.store.objects;
    for (const auto& [key, bytes] : sound) {
        world_.store.objects = sound;
        world_.store.objects.erase(key);
        check();
        // The last receipt is the one thing that nothing else vouches for.
        if (key == world_.receipt_key(4)) {
            continue;
        }
        EXPECT_TRUE(has(FindingKind::object_missing, key)) << key << "\n" << listing();
    }
}

TEST_F(ChainCheckTest, AnyFlippedBitIsFoundWhereItIs) {
    const std::map<std::string, std::string> sound = world_.store.objects;
    std::mt19937 random(11);
    for (const auto& [key, bytes] : sound) {
        for (int i = 0; i < 4; ++i) {
            world_.store.objects = sound;
            std::string& altered = world_.store.objects.at(key);
            const std::size_t at = random() % altered.size();
            altered[at] = static_cast<char>(altered[at] ^ (1U << (random() % 8)));
            check();
            EXPECT_TRUE(has(FindingKind::object_altered, key) ||
                        has(FindingKind::object_malformed, key) ||
                        has(FindingKind::bad_signature, key))
                << key << " at " << at << "\n"
                << listing();
        }
    }
}

TEST_F(ChainCheckTest, AnyTwoObjectsSwappedAreFound) {
    const std::map<std::string, std::string> sound = world_.store.objects;
    for (auto a = sound.begin(); a != sound.end(); ++a) {
        for (auto b = std::next(a); b != sound.end(); ++b) {
            world_.store.objects = sound;
            std::swap(world_.store.objects.at(a->first), world_.store.objects.at(b->first));
            check();
            EXPECT_GT(report_.findings_total, 0U) << a->first << " " << b->first;
            EXPECT_TRUE(std::any_of(
                report_.findings.begin(), report_.findings.end(),
                [&](const Finding& f) { return f.place == a->first || f.place == b->first; }))
                << listing();
        }
    }
}

TEST_F(ChainCheckTest, ManifestsInAnotherOrderAreFound) {
    std::swap(world_.store.objects.at(world_.manifest_key(2)),
              world_.store.objects.at(world_.manifest_key(3)));
    expect(FindingKind::bad_order, world_.manifest_key(2));
    EXPECT_TRUE(has(FindingKind::bad_order, world_.manifest_key(3)));
}

TEST_F(ChainCheckTest, AnEditedPayloadIsFound) {
    const std::string key = world_.manifest_key(2);
    std::string payload = world_.payload(key, payload_type::manifest);
    const std::string sound = to_base64(payload);
    payload[payload.find("\"count\":") + 8] = '9';
    std::string& text = world_.store.objects.at(key);
    text.replace(text.find(sound), sound.size(), to_base64(payload));
    expect(FindingKind::bad_signature, key);
}

TEST_F(ChainCheckTest, AnotherAgentsSignatureIsFound) {
    for (const auto& [key, type, other] :
         {std::tuple{world_.manifest_key(2), payload_type::manifest, test::west_key()},
          std::tuple{world_.manifest_key(2), payload_type::manifest, test::test_key('X')},
          std::tuple{world_.receipt_key(2), payload_type::receipt, test::east_key()}}) {
        const std::string sound = world_.store.objects.at(key);
        world_.replace(key, type, world_.payload(key, type), other);
        expect(FindingKind::bad_signature, key);
        world_.store.objects.at(key) = sound;
    }
}

// A primary's own key, used to rewrite history: the chain tells.
TEST_F(ChainCheckTest, ARewrittenManifestBreaksTheChainAfterIt) {
    rewrite_manifest(2, [](Manifest& manifest) { manifest.changes.clear(); });
    expect(FindingKind::bad_previous, world_.manifest_key(3));
    EXPECT_TRUE(has(FindingKind::object_extra, world_.changes_key(2)));
    EXPECT_TRUE(has(FindingKind::bad_fold, "mark 6"));
}

TEST_F(ChainCheckTest, AForkedSequenceIsFound) {
    // The primary's twin continues from manifest 2 with marks of its own.
    EvidenceWorld twin(99);
    twin.run(3);
    world_.store.objects.at(world_.manifest_key(3)) = twin.store.objects.at(twin.manifest_key(3));
    world_.store.objects.at(world_.changes_key(3)) = twin.store.objects.at(twin.changes_key(3));
    expect(FindingKind::bad_previous, world_.manifest_key(3));
    EXPECT_TRUE(has(FindingKind::fork, world_.receipt_key(3)));
}

TEST_F(ChainCheckTest, AMarkThatWasRewrittenIsAFork) {
    rewrite_manifest(4, [&](Manifest& manifest) {
        manifest.marks.back() = rewritten_mark(manifest.marks.back(),
                                               [](Mark& mark) { mark.clock_error = Duration{0}; });
    });
    expect(FindingKind::fork, world_.receipt_key(4));
}

TEST_F(ChainCheckTest, MarksThatAreMissingOrBackwardsAreFound) {
    rewrite_manifest(4,
                     [](Manifest& manifest) { manifest.marks.erase(manifest.marks.begin() + 1); });
    expect(FindingKind::bad_order, world_.manifest_key(4));
    rewrite_manifest(4, [](Manifest& manifest) { manifest.marks.clear(); });
    check();
    EXPECT_EQ(summary_.epochs[0].newest_mark, MarkNumber(9));
}

TEST_F(ChainCheckTest, AsOfMustNotGoBack) {
    rewrite_manifest(4, [&](Manifest& manifest) {
        manifest.marks.back() = rewritten_mark(manifest.marks.back(), [&](Mark& mark) {
            std::get<TreeMark>(mark.sources.at(world_.tree)).as_of = Timestamp{0};
        });
    });
    expect(FindingKind::bad_order, world_.manifest_key(4) + ", mark 12");
}

TEST_F(ChainCheckTest, AMarkUnderAForeignKeyIsFound) {
    rewrite_manifest(4, [&](Manifest& manifest) {
        const std::string payload =
            read_envelope_payload(manifest.marks.back(), payload_type::mark).take();
        manifest.marks.back() = seal_envelope(payload_type::mark, payload, test::west_key());
    });
    expect(FindingKind::bad_signature, world_.manifest_key(4));
}

TEST_F(ChainCheckTest, AChangeListThatWasReplacedIsFoundEvenWithItsDigestResigned) {
    rewrite_manifest(4, [&](Manifest& manifest) {
        storage::ChangeListWriter writer;
        FileEntry entry;
        entry.path = "planted";
        entry.type = EntryType::directory;
        entry.mark = MarkNumber(12);
        writer.add(entry);
        const storage::ChangeList list = writer.finish();
        world_.store.objects.at(world_.changes_key(4)) = list.bytes;
        manifest.changes.front().digest = list.digest;
        manifest.changes.front().count = list.count;
    });
    expect(FindingKind::bad_fold, "mark 12");
}

TEST_F(ChainCheckTest, EntriesOfOtherMarksAndUnsortedListsAreFound) {
    rewrite_manifest(4, [&](Manifest& manifest) {
        storage::ChangeListWriter writer;
        FileEntry entry;
        entry.path = "late";
        entry.type = EntryType::deleted;
        entry.mark = MarkNumber(13);
        writer.add(entry);
        const storage::ChangeList list = writer.finish();
        world_.store.objects.at(world_.changes_key(4)) = list.bytes;
        manifest.changes.front().digest = list.digest;
        manifest.changes.front().count = list.count;
    });
    expect(FindingKind::bad_order, world_.changes_key(4));
}

TEST_F(ChainCheckTest, AWrongCountIsFound) {
    rewrite_manifest(4, [](Manifest& manifest) { ++manifest.changes.front().count; });
    expect(FindingKind::object_malformed, world_.changes_key(4));
}

TEST_F(ChainCheckTest, AListOfAnotherPlaceIsFound) {
    rewrite_manifest(
        4, [&](Manifest& manifest) { manifest.changes.front().object = world_.changes_key(3); });
    expect(FindingKind::bad_order, world_.manifest_key(4));
    rewrite_manifest(4, [&](Manifest& manifest) { manifest.changes.front().object = "../../etc"; });
    expect(FindingKind::bad_order, world_.manifest_key(4));
}

TEST_F(ChainCheckTest, ForeignObjectsAreFound) {
    world_.store.objects["changes/readme.txt"] = "x";
    expect(FindingKind::object_extra, "changes/readme.txt");
    world_.store.objects.erase("changes/readme.txt");
    // Another stream's are not ours to judge.
    world_.store.objects["epochs/other/00000001.json"] = "x";
    check();
    EXPECT_EQ(listing(), "");
    world_.store.objects[world_.manifest_key(999'999'999'999)] = "x";
    expect(FindingKind::object_missing, world_.manifest_key(5));
    EXPECT_LT(report_.findings_total, 5U);
}

TEST_F(ChainCheckTest, ManifestsOfASecondPrimaryAreAFork) {
    const std::string key =
        make_key(storage::ManifestKey{{world_.stream, Epoch(1), world_.west}, Sequence(1)});
    world_.store.objects[key] = "x";
    expect(FindingKind::fork, key);
}

TEST_F(ChainCheckTest, AnEpochThatWasTakenOverIsFound) {
    EpochRecord record;
    record.stream = world_.stream;
    record.epoch = Epoch(1);
    record.primary = world_.west;
    record.opened = world_.now;
    world_.store.objects.at("epochs/shop/00000001.json") =
        storage::seal_epoch(record, test::west_key()).envelope;
    expect(FindingKind::fork, world_.manifest_key(1));
    EXPECT_TRUE(has(FindingKind::fork, world_.receipt_key(1)));
}

TEST_F(ChainCheckTest, ASecondEpochMustNameTheFirst) {
    EpochRecord record;
    record.stream = world_.stream;
    record.epoch = Epoch(2);
    record.primary = world_.west;
    record.opened = world_.now;
    record.previous = sha256(world_.payload("epochs/shop/00000001.json", payload_type::epoch));
    const std::string key = "epochs/shop/00000002.json";
    world_.store.objects[key] = storage::seal_epoch(record, test::west_key()).envelope;
    check();
    EXPECT_EQ(listing(), "");
    EXPECT_EQ(summary_.epochs.size(), 2U);
    record.previous = sha256("x");
    world_.store.objects[key] = storage::seal_epoch(record, test::west_key()).envelope;
    expect(FindingKind::bad_previous, key);
    world_.store.objects["epochs/shop/99999999.json"] = world_.store.objects[key];
    expect(FindingKind::object_missing, "epochs/shop/00000003.json");
    EXPECT_LT(report_.findings_total, 6U);
}

TEST_F(ChainCheckTest, ReceiptsMustAgreeWithTheMarks) {
    rewrite_receipt(4, [](Receipt& receipt) { receipt.received.back().mark_digest = sha256("x"); });
    expect(FindingKind::fork, world_.receipt_key(4) + ", received mark 12");
    rewrite_receipt(4, [](Receipt& receipt) { receipt.received.back().mark = MarkNumber(13); });
    expect(FindingKind::object_missing, world_.receipt_key(4) + ", received mark 13");
    rewrite_receipt(4, [](Receipt& receipt) { receipt.received.pop_back(); });
    expect(FindingKind::bad_order, world_.receipt_key(4));  // applied, but not received
}

TEST_F(ChainCheckTest, AReplicaThatDiffersInTheNewestAppliedMarkIsFound) {
    rewrite_receipt(
        4, [&](Receipt& receipt) { receipt.applied.back().sources.at(world_.tree) = sha256("x"); });
    expect(FindingKind::bad_fold, world_.receipt_key(4) + ", applied mark 12");
    world_.run(1);
    check();
    // Healed since: only the chain's break is left of it.
    EXPECT_FALSE(has(FindingKind::bad_fold, "")) << listing();
}

TEST_F(ChainCheckTest, AnObjectReplacedByAnOlderOneIsFound) {
    world_.store.objects.at(world_.manifest_key(3)) =
        world_.store.objects.at(world_.manifest_key(2));
    expect(FindingKind::bad_order, world_.manifest_key(3));
    world_.store.objects.at(world_.receipt_key(3)) = world_.store.objects.at(world_.receipt_key(1));
    expect(FindingKind::bad_order, world_.receipt_key(3));
}

TEST_F(ChainCheckTest, ABackDatedMarkIsFound) {
    rewrite_manifest(4, [&](Manifest& manifest) {
        manifest.marks.back() = rewritten_mark(manifest.marks.back(), [&](Mark& mark) {
            mark.time = mark.time + Duration{-3'600'000'000'000};
            for (auto& [name, source] : mark.sources) {
                std::visit([&](auto& s) { s.as_of = std::nullopt; }, source);
            }
        });
    });
    expect(FindingKind::bad_order, world_.manifest_key(4) + ", mark 12");
}

TEST_F(ChainCheckTest, ABackDatedReceiptIsFound) {
    rewrite_receipt(4, [](Receipt& receipt) {
        receipt.received.back().at = receipt.received.back().at + Duration{-4'000'000};
    });
    expect(FindingKind::bad_order, world_.receipt_key(4) + ", received mark 12");
    // Within what the clocks say of themselves (1 ms and 2 ms) it may be so.
    rewrite_receipt(4, [](Receipt& receipt) {
        receipt.received.back().at = receipt.received.back().at + Duration{1'000'000};
    });
    check();
    EXPECT_FALSE(has(FindingKind::bad_order, world_.receipt_key(4))) << listing();
}

// Object Lock keeps the first version, but not from others being put over it.
TEST_F(ChainCheckTest, VersionsAndDeleteMarkersOverAnObjectAreNamed) {
    world_.store.overlaid = {{world_.manifest_key(2), "a newer version, v2", true},
                             {world_.receipt_key(1), "a delete marker, d1", true},
                             {"epochs/other/00000001.json", "a newer version, v2", true}};
    expect(FindingKind::object_altered, world_.manifest_key(2));
    EXPECT_TRUE(has(FindingKind::object_altered, world_.receipt_key(1)));
    EXPECT_EQ(report_.findings_total, 2U) << listing();
}

// To a state that was sound once: only who has seen more can tell.
TEST_F(ChainCheckTest, AStoreThatWasRolledBackIsFoundByTheWitness) {
    const test::MemoryStore then = world_.store;
    world_.run(1);
    test::MemoryStore witness;
    for (const std::uint64_t number : {1, 2, 3, 4, 5}) {
        witness.objects[world_.receipt_key(number)] =
            world_.store.objects.at(world_.receipt_key(number));
    }
    world_.store.objects = then.objects;
    check();
    EXPECT_EQ(listing(), "");
    check_witness(world_.store, witness, {world_.stream, world_.west, {}}, report_);
    tell(&witness);
    EXPECT_TRUE(has(FindingKind::object_missing, world_.receipt_key(5))) << listing();
    EXPECT_EQ(report_.findings_total, 1U) << listing();
    // Written anew after that, with the same keys: another receipt 5.
    world_.store.objects[world_.receipt_key(5)] = "{}";
    check();
    check_witness(world_.store, witness, {world_.stream, world_.west, {}}, report_);
    told_.pop_back();
    independent_.drop_last();
    tell(&witness);
    EXPECT_TRUE(has(FindingKind::fork, world_.receipt_key(5))) << listing();
}

TEST_F(ChainCheckTest, WhatIsStillQueuedIsNotMissing) {
    test::MemoryStore witness;
    witness.objects = world_.store.objects;
    world_.store.objects.erase(world_.receipt_key(4));
    check_witness(
        world_.store, witness,
        {world_.stream, world_.west, [&] { return std::set<std::string>{world_.receipt_key(4)}; }},
        report_);
    EXPECT_EQ(listing(), "");
}

TEST_F(ChainCheckTest, KeysCountOnlyInTheirTime) {
    TrustSet late(world_.stream);
    late.add({world_.east, test::east_key().public_key(), world_.now, std::nullopt});
    late.add({world_.west, test::west_key().public_key(), std::nullopt, std::nullopt});
    world_.trust.replace(late);
    expect(FindingKind::bad_signature, world_.manifest_key(1));
}

TEST_F(ChainCheckTest, AnEmptyStoreHasNoEvidence) {
    world_.store.objects.clear();
    expect(FindingKind::object_missing, "epochs/shop/00000001.json");
}

TEST_F(ChainCheckTest, AStoreThatIsAwayIsNotAFinding) {
    world_.store.away = true;
    EXPECT_THROW(check(), Error);
    world_.store.away = false;
}

}  // namespace
}  // namespace farshore::verification
