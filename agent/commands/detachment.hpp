#pragma once
// Takes farshore off this host again: what it made in the databases and in the trees.

#include <string>
#include <vector>

#include "agent/config/config.hpp"
#include "storage/disk/file_system.hpp"

namespace farshore::commands {

// One thing that was removed, or was left.
struct Detached {
    std::string place;  // "database app", "tree uploads"
    std::string what;   // a sentence or a path
    std::string error;  // why it was left; "": it is gone
};

// What detach() would look for, without touching anything: for the question before.
[[nodiscard]] std::vector<Detached> list_attached(const config::Config& config);

// Removes from every database the slots of the stream, its publication, the event trigger and the
// schema farshore, and from every tree .farshore with what is in it, unless its marker is another
// stream's or tree's, or something of the users' lies in .farshore/foreign. Goes on after a
// failure; what is gone already is not one. Files, rows and the state directory stay.
// Error(state_locked) while the agent runs.
[[nodiscard]] std::vector<Detached> detach(storage::FileSystem& files,
                                           const config::Config& config);

}  // namespace farshore::commands
