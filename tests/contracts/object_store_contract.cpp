#include "tests/contracts/object_store_contract.hpp"

#include <algorithm>
#include <thread>
#include <vector>

namespace farshore::test {

namespace {

using storage::ObjectStore;
using PutOutcome = ObjectStore::PutOutcome;

constexpr std::size_t plenty = 1024 * 1024;

// Names that are awkward in a URL, in XML, or on a disk.
const std::vector<std::string> odd_keys = {
    "space in it",
    "plus+and=and&and;and:and@and,and$",
    "percent%41%2F%",
    "question?hash#",
    "tilde~(round)*star'quote!",
    "less<greater>amp&amp;quote\"",
    "brackets[]{}|^`",
    "back\\slash",
    "ü/ñ/日本/🛶",
    "dots...and/.hidden",
    " leading and trailing ",
    "folder with space/and+plus",
    std::string(255, 'n'),
};

}  // namespace

void ObjectStoreContract::SetUp() {
    if (const auto reason = GetParam().missing()) {
        GTEST_SKIP() << *reason;
    }
    place_ = GetParam().make_place();
    store_ = place_->open();
    store_->check();
}

TEST_P(ObjectStoreContract, CreatedIsReadBack) {
    EXPECT_EQ(store_->create("a/b/c.json", "hello"), PutOutcome::created);
    EXPECT_EQ(store_->get("a/b/c.json", plenty).take(), "hello");
    EXPECT_EQ(place_->open()->get("a/b/c.json", plenty).take(), "hello");
}

TEST_P(ObjectStoreContract, TheSameAgainIsTheSame) {
    EXPECT_EQ(store_->create("key", "bytes"), PutOutcome::created);
    EXPECT_EQ(store_->create("key", "bytes"), PutOutcome::same);
    EXPECT_EQ(place_->open()->create("key", "bytes"), PutOutcome::same);
}

TEST_P(ObjectStoreContract, OtherBytesAreRefusedAndTheFirstStay) {
    EXPECT_EQ(store_->create("key", "first"), PutOutcome::created);
    EXPECT_EQ(store_->create("key", "other"), PutOutcome::different);
    EXPECT_EQ(store_->create("key", "first and more"), PutOutcome::different);
    EXPECT_EQ(store_->create("key", "fir"), PutOutcome::different);
    EXPECT_EQ(store_->create("key", ""), PutOutcome::different);
    EXPECT_EQ(store_->get("key", plenty).take(), "first");
}

TEST_P(ObjectStoreContract, AnEmptyObjectIsAnObject) {
    EXPECT_EQ(store_->create("empty", ""), PutOutcome::created);
    EXPECT_EQ(store_->create("empty", ""), PutOutcome::same);
    EXPECT_EQ(store_->create("empty", "x"), PutOutcome::different);
    EXPECT_EQ(store_->get("empty", 0).take(), "");
}

TEST_P(ObjectStoreContract, EveryByteIsKept) {
    std::string bytes;
    for (int i = 0; i < 100'000; ++i) {
        bytes += static_cast<char>((i * 7 + i / 256) % 256);
    }
    EXPECT_EQ(store_->create("binary", bytes), PutOutcome::created);
    EXPECT_EQ(store_->get("binary", plenty).take(), bytes);
}

TEST_P(ObjectStoreContract, ALargeObjectIsWhole) {
    const std::string bytes(9 * 1024 * 1024 + 1, 'x');  // beyond what is read back whole
    EXPECT_EQ(store_->create("large", bytes), PutOutcome::created);
    EXPECT_EQ(store_->create("large", bytes), PutOutcome::same);
    EXPECT_TRUE(store_->get("large", bytes.size()).take() == bytes);
}

TEST_P(ObjectStoreContract, WhatIsNotThereIsNotFound) {
    EXPECT_EQ(store_->get("nothing", plenty).error().code(), ErrorCode::not_found);
    EXPECT_EQ(store_->get("no/such/folder", plenty).error().code(), ErrorCode::not_found);
}

TEST_P(ObjectStoreContract, TheLimitIsKept) {
    EXPECT_EQ(store_->create("ten", "0123456789"), PutOutcome::created);
    EXPECT_EQ(store_->get("ten", 10).take(), "0123456789");
    EXPECT_EQ(store_->get("ten", 9).error().code(), ErrorCode::too_large);
    EXPECT_EQ(store_->get("ten", 0).error().code(), ErrorCode::too_large);
}

TEST_P(ObjectStoreContract, AListingIsSortedAndByPrefix) {
    for (const char* key : {"a/2", "a/10", "a-b", "ab/1", "b", "a/sub/x"}) {
        EXPECT_EQ(store_->create(key, key), PutOutcome::created);
    }
    using Keys = std::vector<std::string>;
    EXPECT_EQ(store_->list(""), (Keys{"a-b", "a/10", "a/2", "a/sub/x", "ab/1", "b"}));
    EXPECT_EQ(store_->list("a/"), (Keys{"a/10", "a/2", "a/sub/x"}));
    EXPECT_EQ(store_->list("a/s"), (Keys{"a/sub/x"}));
    EXPECT_EQ(store_->list("a"), (Keys{"a-b", "a/10", "a/2", "a/sub/x", "ab/1"}));
    EXPECT_EQ(store_->list("a/2"), (Keys{"a/2"}));
    EXPECT_EQ(store_->list("a/2/"), Keys{});
    EXPECT_EQ(store_->list("zz"), Keys{});
}

TEST_P(ObjectStoreContract, ALongListingIsComplete) {
    const std::size_t count = GetParam().long_listing;
    constexpr std::size_t writers = 4;
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < count; ++i) {
        keys.push_back("many/" + std::to_string(10'000 + i));
    }
    std::vector<std::thread> threads;
    for (std::size_t w = 0; w < writers; ++w) {
        threads.emplace_back([&, w] {
            for (std::size_t i = w; i < count; i += writers) {
                EXPECT_EQ(store_->create(keys[i], "x"), PutOutcome::created);
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(store_->list("many/"), keys);
}

TEST_P(ObjectStoreContract, OddKeysAreKept) {
    for (const std::string& key : odd_keys) {
        EXPECT_EQ(store_->create(key, "of " + key), PutOutcome::created) << key;
        EXPECT_EQ(store_->get(key, plenty).take(), "of " + key);
    }
    std::vector<std::string> sorted = odd_keys;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(store_->list(""), sorted);
    EXPECT_EQ(store_->list("folder with space/a"),
              std::vector<std::string>{"folder with space/and+plus"});
}

TEST_P(ObjectStoreContract, KeysThatNotEveryStoreCanHoldAreRefused) {
    for (const std::string& key :
         {std::string(), std::string("/a"), std::string("a//b"), std::string("a/"),
          std::string("../a"), std::string("a/./b"), std::string(256, 'x'), std::string("a\nb"),
          std::string("\xFF")}) {
        try {
            static_cast<void>(store_->create(key, "x"));
            ADD_FAILURE() << key;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::bad_name) << key;
        }
    }
    EXPECT_TRUE(store_->list("").empty());
}

TEST_P(ObjectStoreContract, OfManyWritersOneWins) {
    constexpr int writers = 8;
    for (int round = 0; round < 3; ++round) {
        const std::string key = "epochs/" + std::to_string(round);
        std::vector<std::unique_ptr<ObjectStore>> stores;
        for (int i = 0; i < writers; ++i) {
            stores.push_back(place_->open());
        }
        std::vector<PutOutcome> outcomes(writers);
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < writers; ++i) {
            threads.emplace_back(
                [&, i] { outcomes[i] = stores[i]->create(key, "writer " + std::to_string(i)); });
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
        EXPECT_EQ(std::count(outcomes.begin(), outcomes.end(), PutOutcome::created), 1);
        EXPECT_EQ(std::count(outcomes.begin(), outcomes.end(), PutOutcome::different), writers - 1);
        const auto winner = std::find(outcomes.begin(), outcomes.end(), PutOutcome::created);
        EXPECT_EQ(store_->get(key, plenty).take(),
                  "writer " + std::to_string(winner - outcomes.begin()));
    }
}

TEST_P(ObjectStoreContract, ACheckLeavesNothing) {
    store_->check();
    EXPECT_TRUE(store_->list("").empty());
}

}  // namespace farshore::test
