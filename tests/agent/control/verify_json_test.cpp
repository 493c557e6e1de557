#include "agent/control/verify_json.hpp"

#include <gtest/gtest.h>

#include "agent/control/json_text.hpp"

namespace farshore::control {
namespace {

using namespace verification;

TEST(VerifyJson, SaysWhatDiffersWhatWasCheckedAndWhatWasNot) {
    VerifyReport report;
    report.stream = "shop";
    report.checked.push_back({"chain", "", 12, "objects", 4'096, ""});
    report.unchecked.push_back({"database", "app", "no agent runs here"});
    report.add({FindingKind::path_differs, "uploads", "a.txt", "sha256 aa", "sha256 bb"});
    EXPECT_EQ(json_text(to_json(report)),
              R"({"stream": "shop", "equal": false, "exit_status": 1, )"
              R"("checked": [{"what": "chain", "source": "", "count": 12, "unit": "objects", )"
              R"("bytes": 4096, "place": ""}], )"
              R"("unchecked": [{"what": "database", "source": "app", )"
              R"("why": "no agent runs here"}], "findings_total": 1, )"
              R"("findings": [{"kind": "path_differs", "source": "uploads", "place": "a.txt", )"
              R"("expected": "sha256 aa", "found": "sha256 bb"}]})");
}

TEST(VerifyReportTest, TheExitStatus) {
    VerifyReport report;
    EXPECT_EQ(report.exit_status(), 2) << "nothing was checked";
    report.checked.push_back({"chain", "", 12, "objects", 0, ""});
    EXPECT_EQ(report.exit_status(), 0);
    report.unchecked.push_back({"database", "app", "no agent"});
    EXPECT_EQ(report.exit_status(), 2);
    report.add({});
    EXPECT_EQ(report.exit_status(), 1);
}

TEST(VerifyReportTest, FindingsAreCountedBeyondWhatIsKept) {
    VerifyReport report;
    for (std::size_t i = 0; i < VerifyReport::max_findings_kept + 5; ++i) {
        report.add({});
    }
    EXPECT_EQ(report.findings.size(), VerifyReport::max_findings_kept);
    EXPECT_EQ(report.findings_total, VerifyReport::max_findings_kept + 5);
}

}  // namespace
}  // namespace farshore::control
