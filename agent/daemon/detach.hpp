#pragma once
// Takes farshore off this host again: what it made in the databases and in the trees.

#include <functional>
#include <string>
#include <vector>

#include "agent/config/config.hpp"
#include "storage/disk/file_system.hpp"

namespace farshore::daemon {

// One thing that was removed, or could not be.
struct Detached {
    std::string place;  // "database app", "tree uploads"
    std::string what;   // "slot farshore_shop_app_west", "/srv/app/uploads/.farshore"
    std::string error;  // "" : it is gone
};

// What detach() would remove, without touching anything: for the question before.
[[nodiscard]] std::vector<Detached> find_attached(storage::FileSystem& files,
                                                  const config::Config& config);

// Removes from every database the slots of the stream, its publication, the event trigger and the
// schema farshore, and from every tree .farshore with all that is in it. Goes on after a failure;
// what is gone already is not an error. Files, rows and the state directory stay. The agent must
// not run: Error(state_locked).
[[nodiscard]] std::vector<Detached> detach(storage::FileSystem& files,
                                           const config::Config& config);

}  // namespace farshore::daemon
