// TreeSource: files with names outside of the tree.

#include "agent/primary/files/tree_source.hpp"

namespace farshore::primary {

namespace {

// Beyond these a tree beside a hard-linked copy of itself would take all of the kernel's watches.
constexpr std::size_t most_watched_files = 10'000;

}  // namespace

// What is written by such a name is an event of the file, not of its directory in the tree.
void TreeSource::watch_other_names() {
    std::uint64_t unwatched = 0;
    std::size_t watched = 0;
    for (const std::string& path : links_.with_other_names()) {
        if (watched < most_watched_files && visitor_.watch_file(*root_, path)) {
            ++watched;
            // What was written between the scan's look and the watch.
            dirty_.changed(path, DirtySet::Drain::second, parts_.clock.utc_now());
        } else {
            ++unwatched;
        }
    }
    if (unwatched == 0 && !links_.is_overrun()) {
        return;
    }
    const std::string count = links_.is_overrun() ? "very many" : std::to_string(unwatched);
    uncovered_.note(".", count +
                             " files have names outside of the tree and are not watched: what is "
                             "written by those is found by full scans");
}

}  // namespace farshore::primary
