#include "storage/objects/object_keys.hpp"

#include <gtest/gtest.h>

#include "protocol/error.hpp"
#include "storage/objects/object_store.hpp"

namespace farshore::storage {
namespace {

const StreamName shop("shop");
const ChainKey chain{shop, Epoch(1), AgentName("app-east")};

TEST(ObjectKeys, AreAsTheContractSays) {
    EXPECT_EQ(make_key(EpochKey{shop, Epoch(1)}), "epochs/shop/00000001.json");
    EXPECT_EQ(make_key(FailoverKey{shop, Epoch(2)}), "failovers/shop/00000002.json");
    EXPECT_EQ(make_key(ManifestKey{chain, Sequence(17)}),
              "manifests/shop/00000001/app-east/000000000017.json");
    EXPECT_EQ(make_key(ReceiptKey{chain, Sequence(9)}),
              "receipts/shop/00000001/app-east/000000000009.json");
    EXPECT_EQ(make_key(ChangesKey{chain, Sequence(17), SourceName("uploads")}),
              "changes/shop/00000001/app-east/000000000017-uploads.jsonl.zst");
    EXPECT_EQ(make_key(CheckpointKey{chain, Sequence(17), SourceName("a-b.c")}),
              "checkpoints/shop/00000001/app-east/000000000017-a-b.c.jsonl.zst");
}

TEST(ObjectKeys, ParseWhatTheyMake) {
    const ChainKey widest{StreamName(std::string(63, 's')), Epoch(99'999'999),
                          AgentName(std::string(63, 'a'))};
    const Sequence last(999'999'999'999);
    for (const ObjectKey& key : std::initializer_list<ObjectKey>{
             EpochKey{shop, Epoch(1)}, FailoverKey{shop, Epoch(99'999'999)},
             ManifestKey{chain, Sequence(1)}, ReceiptKey{widest, last},
             ChangesKey{widest, last, SourceName(std::string(63, 't'))},
             CheckpointKey{chain, Sequence(5), SourceName("000000000001-x.jsonl.zst")}}) {
        const std::string text = make_key(key);
        EXPECT_TRUE(is_valid_object_key(text)) << text;
        ASSERT_TRUE(parse_key(text).has_value()) << text;
        EXPECT_EQ(*parse_key(text), key) << text;
    }
}

TEST(ObjectKeys, NothingElseIsOurs) {
    for (const char* text : {"",
                             "epochs",
                             "epochs/shop",
                             "epochs/shop/1.json",
                             "epochs/shop/00000000.json",
                             "epochs/shop/00000001.json/",
                             "epochs/shop/00000001.JSON",
                             "epochs/shop/0000000a.json",
                             "epochs/sh op/00000001.json",
                             "epochs//00000001.json",
                             "/epochs/shop/00000001.json",
                             "other/shop/00000001.json",
                             "manifests/shop/00000001/000000000001.json",
                             "manifests/shop/00000001/app/00000001.json",
                             "manifests/shop/00000001/-/000000000001.json",
                             "changes/shop/00000001/app/000000000001.jsonl.zst",
                             "changes/shop/00000001/app/000000000001-.jsonl.zst",
                             "changes/shop/00000001/app/000000000001_x.jsonl.zst",
                             "changes/shop/00000001/app/000000000001-x.jsonl",
                             "changes/shop/00000001/app/.jsonl.zst",
                             "receipts/shop/00000001/app/000000000001.json.json"}) {
        EXPECT_FALSE(parse_key(text).has_value()) << text;
    }
}

TEST(ObjectKeys, NumbersHaveTheirPlace) {
    EXPECT_THROW(static_cast<void>(make_key(EpochKey{shop, Epoch()})), Error);
    EXPECT_THROW(static_cast<void>(make_key(EpochKey{shop, Epoch(100'000'000)})), Error);
    EXPECT_THROW(static_cast<void>(make_key(ManifestKey{chain, Sequence(1'000'000'000'000)})),
                 Error);
}

TEST(ObjectKeys, PrefixesHoldTheirKind) {
    EXPECT_EQ(epochs_prefix(shop), "epochs/shop/");
    EXPECT_EQ(failovers_prefix(shop), "failovers/shop/");
    EXPECT_EQ(manifests_prefix(chain), "manifests/shop/00000001/app-east/");
    EXPECT_EQ(receipts_prefix(chain), "receipts/shop/00000001/app-east/");
    EXPECT_EQ(changes_prefix(chain), "changes/shop/00000001/app-east/");
    EXPECT_EQ(checkpoints_prefix(chain), "checkpoints/shop/00000001/app-east/");
    EXPECT_EQ(manifests_prefix(shop, Epoch(1)), "manifests/shop/00000001/");
    EXPECT_EQ(receipts_prefix(shop, Epoch(1)), "receipts/shop/00000001/");
}

}  // namespace
}  // namespace farshore::storage
