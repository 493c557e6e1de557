#pragma once
// Are two trees equal in everything an application can see? An outside judge says so: rsync.

#include <string>

namespace farshore::test {

// What `rsync -aHAXc --delete` would still have to do to make `replica` equal to `source`, one line
// each, times to the nanosecond; empty when they are equal. `.farshore` at either root is ours.
[[nodiscard]] std::string tree_differences(const std::string& source, const std::string& replica);

}  // namespace farshore::test
