#pragma once
// An ObjectStore in memory that can be told to be away.

#include <map>
#include <string>
#include <vector>

#include "storage/objects/object_store.hpp"

namespace farshore::test {

// Fault model: while away, every call throws store_unavailable; create() may have written before it
// (lose_answers), as over a network.
class MemoryStore final : public storage::ObjectStore {
  public:
    [[nodiscard]] PutOutcome create(const std::string& key, std::string_view bytes) override {
        storage::require_valid_object_key(key);
        refuse_when_away();
        const auto [found, is_new] = objects.emplace(key, bytes);
        if (is_new) {
            order.push_back(key);
        }
        if (lose_answers) {
            throw Error(ErrorCode::store_unavailable, "the answer was lost");
        }
        return is_new                   ? PutOutcome::created
               : found->second == bytes ? PutOutcome::same
                                        : PutOutcome::different;
    }
    [[nodiscard]] Result<std::string> get(const std::string& key,
                                          std::size_t limit_bytes) override {
        storage::require_valid_object_key(key);
        refuse_when_away();
        const auto found = objects.find(key);
        if (found == objects.end()) {
            return Error(ErrorCode::not_found, key + " is not there");
        }
        if (found->second.size() > limit_bytes) {
            return Error(ErrorCode::too_large, key + " is too large");
        }
        return found->second;
    }
    [[nodiscard]] std::vector<std::string> list(const std::string& prefix) override {
        refuse_when_away();
        std::vector<std::string> keys;
        for (const auto& [key, bytes] : objects) {
            if (key.starts_with(prefix)) {
                keys.push_back(key);
            }
        }
        return keys;
    }
    [[nodiscard]] std::vector<storage::Overlaid> list_overlaid(const std::string& prefix) override {
        refuse_when_away();
        std::vector<storage::Overlaid> found;
        for (const storage::Overlaid& over : overlaid) {
            if (over.key.starts_with(prefix)) {
                found.push_back(over);
            }
        }
        return found;
    }
    void check() override { refuse_when_away(); }
    [[nodiscard]] std::string name() const override { return "memory"; }

    std::map<std::string, std::string> objects;
    std::vector<std::string> order;  // in which they were created
    std::vector<storage::Overlaid> overlaid;
    bool away = false;
    bool lose_answers = false;

  private:
    void refuse_when_away() const {
        if (away) {
            throw Error(ErrorCode::store_unavailable, "the store is away");
        }
    }
};

}  // namespace farshore::test
