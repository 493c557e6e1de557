#pragma once
// Where evidence is kept: a bucket or a directory of objects that are written once and never
// changed.
//
// An object store has no rename, no append and no overwrite: an object is created whole, under the
// condition that its key is free, or not at all. So two agents that claim the same key (an epoch)
// can't both believe that they won, and an agent that was interrupted may simply say it again.
//
// Calls are safe from several threads. They block; nothing in here retries or sleeps: errors with
// Action::retry (store_unavailable, io, disk_full) are for the caller's loop, store_refused needs
// somebody to act.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"
#include "protocol/time.hpp"

namespace farshore::storage {

// Something that was put over an object later; the object itself is the oldest version.
struct Overlaid {
    std::string key;
    std::string what;        // "a newer version, ID": for people
    bool has_object = true;  // false: there are nothing but delete markers

    bool operator==(const Overlaid&) const = default;
};

// A key, and when its object was written, by the store's own clock.
struct StoredObject {
    std::string key;
    std::optional<Timestamp> stored;  // none: the store does not tell
};

class ObjectStore {
  public:
    // created: the key was free, and now holds these bytes, written by this call.
    // same: the key holds exactly these bytes already (an earlier try of ours, or an equal peer).
    // different: the key holds other bytes. The object was left as it is. For evidence of ours that
    // is a fork; for an epoch record it means that somebody else was first. The caller decides.
    enum class PutOutcome : std::uint8_t { created, same, different };

    virtual ~ObjectStore() = default;

    // When it returns created or same, the object is durable and was read back after it was
    // written: every later get() by anybody gives these bytes. When it throws, the object may or
    // may not be there; saying it again with the same bytes is safe and settles it.
    [[nodiscard]] virtual PutOutcome create(const std::string& key, std::string_view bytes) = 0;

    // The whole object. Error values: not_found when there is none, too_large when it has more than
    // limit_bytes (nothing of it is kept). Throws when the store can't be asked.
    [[nodiscard]] virtual Result<std::string> get(const std::string& key,
                                                  std::size_t limit_bytes) = 0;

    // Every key that begins with `prefix` (any string, not only whole folders), sorted by bytes. An
    // object whose create() had returned before the call is in it.
    [[nodiscard]] virtual std::vector<std::string> list(const std::string& prefix) = 0;

    // The same keys with their times: a witness beside the times that the objects say themselves. A
    // copy of a store has them only when it was made to keep them.
    [[nodiscard]] virtual std::vector<StoredObject> list_stored(const std::string& prefix) {
        std::vector<StoredObject> found;
        for (std::string& key : list(prefix)) {
            found.push_back({std::move(key), std::nullopt});
        }
        return found;
    }

    // What lies over objects whose key begins with `prefix`: each version that is not its key's
    // oldest one, and each delete marker. Empty where a store keeps no versions. Throws when it
    // can't be asked: store_refused when versions are kept and may not be listed.
    [[nodiscard]] virtual std::vector<Overlaid> list_overlaid(const std::string& prefix) {
        static_cast<void>(prefix);
        return {};
    }

    // Is it usable: the place is there (a directory is made when only its last component is
    // missing), may be listed and may be written to. Throws an Error that names what is wrong.
    // Leaves no object behind.
    virtual void check() = 0;

    // Ends what is waiting for a server, and every later call: they throw Error(cancelled). For an
    // agent that has to leave while the store does not answer. From any thread. A store on a local
    // disk has nothing to end.
    virtual void interrupt() {}

    // What a person knows it by: "s3://bucket/prefix", "file:/var/lib/farshore/store".
    [[nodiscard]] virtual std::string name() const = 0;
};

// What every store can hold: 1 to 1024 bytes of UTF-8 without control characters; components
// between slashes of 1 to 255 bytes, none of them "." or "..", none with the directory store's
// prefix of unfinished files. create() and get() throw Error(bad_name) for any other key.
[[nodiscard]] bool is_valid_object_key(std::string_view key);
void require_valid_object_key(std::string_view key);

}  // namespace farshore::storage
