#include "tests/support/tree_comparison.hpp"

#include "tests/support/process.hpp"

namespace farshore::test {

std::string tree_differences(const std::string& source, const std::string& replica) {
    const Outcome outcome =
        run({"rsync", "-aHAXcn", "--specials", "--numeric-ids", "--delete", "--modify-window=-1",
             "--itemize-changes", "--exclude=/.farshore", source + "/", replica + "/"});
    if (outcome.status != 0) {
        return "rsync ended with " + std::to_string(outcome.status) + ": " + outcome.err;
    }
    return outcome.out;
}

}  // namespace farshore::test
