#include "agent/commands/verify_text.hpp"

#include <gtest/gtest.h>

#include "agent/control/verify_json.hpp"

namespace farshore::commands {
namespace {

using namespace verification;

TEST(VerifyText, NamesEachDifferenceAndWhatWasChecked) {
    VerifyReport report;
    report.checked.push_back({"tree", "uploads", 20, "paths", 73'400'320, "mark 7"});
    report.unchecked.push_back({"database", "app", "no agent runs here"});
    report.add({FindingKind::path_differs, "uploads", "a\nb.txt", "sha256 aa", "sha256 bb"});
    EXPECT_EQ(verify_text(control::to_json(report)),
              "DIFFERENT uploads: a\\x0ab.txt: path_differs\n"
              "  expected sha256 aa\n"
              "  found    sha256 bb\n"
              "checked   tree uploads: 20 paths, 73.4 MB, at mark 7\n"
              "unchecked database app: no agent runs here\n"
              "1 difference\n");
}

TEST(VerifyText, SaysWhenAllIsEqualAndWhenNotAllWasChecked) {
    VerifyReport report;
    report.checked.push_back({"chain", "", 12, "objects", 0, ""});
    EXPECT_TRUE(verify_text(control::to_json(report)).ends_with("was checked\n"));
    report.unchecked.push_back({"database", "app", "no agent"});
    EXPECT_TRUE(verify_text(control::to_json(report)).ends_with("not everything was checked\n"));
}

}  // namespace
}  // namespace farshore::commands
