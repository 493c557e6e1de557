#pragma once
// What every ObjectStore keeps to. One short file per maker instantiates the suite with its places.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "storage/objects/object_store.hpp"

namespace farshore::test {

// A place that was empty at first. Several stores may be open on it, as agents on several hosts.
class StorePlace {
  public:
    virtual ~StorePlace() = default;
    [[nodiscard]] virtual std::unique_ptr<storage::ObjectStore> open() = 0;
};

struct StoreMaker {
    std::string name;
    // Why it can't be tried here; nullopt: it can.
    std::function<std::optional<std::string>()> missing;
    std::function<std::unique_ptr<StorePlace>()> make_place;
    // How many keys a long listing has: more than one page where pages are made.
    std::size_t long_listing = 60;
};

class ObjectStoreContract : public testing::TestWithParam<StoreMaker> {
  protected:
    void SetUp() override;

    std::unique_ptr<StorePlace> place_;
    std::unique_ptr<storage::ObjectStore> store_;
};

}  // namespace farshore::test
