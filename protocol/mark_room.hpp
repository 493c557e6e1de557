#pragma once
// What a mark has room for of the paths and tables that it names: so many of each source, and so
// many bytes of all, so that it fits a frame whatever the names are. What finds none is counted.

#include <map>

#include "protocol/limits.hpp"
#include "protocol/mark.hpp"

namespace farshore {

// What all names and reasons of a mark may take in its payload, shared evenly among its sources.
constexpr std::size_t mark_names_bytes = 256 * limits::kib;
// What a source takes besides: its own name, digests, numbers and times.
constexpr std::size_t mark_source_bytes = 2 * limits::kib;

static_assert((mark_names_bytes + limits::sources * mark_source_bytes + 8 * limits::kib) * 4 / 3 <
                  limits::frame_body,
              "a mark in its envelope (base64) fits a frame");

// Leaves in each source what there is room for, in the order that it has. `files` of what is
// pending stays as it is, `uncovered_more` grows by what was taken out.
void fit_into_mark(std::map<SourceName, SourceMark>& sources);

}  // namespace farshore
