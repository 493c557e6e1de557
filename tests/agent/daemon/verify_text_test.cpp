#include "agent/daemon/verify_text.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "protocol/error.hpp"
#include "protocol/limits.hpp"

namespace farshore::daemon {
namespace {

using verification::Finding;
using verification::FindingKind;
using verification::VerifyReport;
using verification::VerifyRequest;

// nullopt: nothing was thrown; another exception than Error fails the test by itself.
std::optional<ErrorCode> refusal(const std::function<void()>& deed) {
    try {
        deed();
    } catch (const Error& error) {
        return error.code();
    }
    return std::nullopt;
}

TEST(VerifyText, ARequestReadsBackEqual) {
    VerifyRequest request;
    request.files = true;
    request.only_trees = {SourceName("uploads"), SourceName("mail")};
    request.only_databases = {SourceName("app")};
    request.at = MarkNumber(1841);
    const VerifyRequest read = request_from_text(request_to_text(request));
    EXPECT_FALSE(read.chain);
    EXPECT_TRUE(read.files);
    EXPECT_FALSE(read.databases);
    EXPECT_EQ(read.only_trees, request.only_trees);
    EXPECT_EQ(read.only_databases, request.only_databases);
    EXPECT_EQ(read.at, MarkNumber(1841));
}

TEST(VerifyText, ARequestForEverythingStaysOne) {
    const VerifyRequest read = request_from_text(request_to_text({}));
    EXPECT_TRUE(read.wants_all());
    EXPECT_EQ(read.at, std::nullopt);
}

TEST(VerifyText, AReportCarriesPathsOfAnyBytes) {
    VerifyReport report;
    report.add({.kind = FindingKind::row_differs,
                .source = "app",
                .place = std::string("\xff\0\"\n", 4),
                .expected = "\xc3",
                .found = ""});
    report.checked = {{"tree", "uploads", 120'345, "paths", 73'400'320, "mark 1841"}};
    report.unchecked = {{"database", "app", "caf\xe9 is away"}};
    const VerifyReport read = report_from_text(report_to_text(report));
    ASSERT_EQ(read.findings.size(), 1u);
    EXPECT_EQ(read.findings[0].kind, FindingKind::row_differs);
    EXPECT_EQ(read.findings[0].source, "app");
    EXPECT_EQ(read.findings[0].place, report.findings[0].place);
    EXPECT_EQ(read.findings[0].expected, "\xc3");
    EXPECT_EQ(read.findings[0].found, "");
    ASSERT_EQ(read.checked.size(), 1u);
    EXPECT_EQ(read.checked[0].count, 120'345u);
    EXPECT_EQ(read.checked[0].bytes, 73'400'320u);
    EXPECT_EQ(read.checked[0].unit, "paths");
    EXPECT_EQ(read.checked[0].place, "mark 1841");
    ASSERT_EQ(read.unchecked.size(), 1u);
    EXPECT_EQ(read.unchecked[0].why, "caf\xe9 is away");
    EXPECT_EQ(read.exit_status(), 1);
}

TEST(VerifyText, OfManyFindingsAllAreCountedAndTheTextFitsAFrame) {
    VerifyReport report;
    for (int i = 0; i < 20'000; ++i) {
        report.add({.kind = FindingKind::path_extra,
                    .source = "uploads",
                    .place = std::string(4'000, 'p'),
                    .expected = std::string(4'000, 'e'),
                    .found = std::string(4'000, 'f')});
    }
    const std::string text = report_to_text(report);
    EXPECT_LT(text.size(), limits::frame_body);
    const VerifyReport read = report_from_text(text);
    EXPECT_EQ(read.findings_total, 20'000u);
    EXPECT_FALSE(read.findings.empty());
    EXPECT_EQ(read.exit_status(), 1);
}

TEST(VerifyText, WhatIsNotARequestIsMalformed) {
    const std::string tail = R"(,"only_databases":[],"at":0})";
    const std::string head = R"({"chain":false,"files":false,"databases":false,"trees":)";
    EXPECT_EQ(refusal([&] { (void)request_from_text(head + "[]" + tail); }), std::nullopt);
    for (const std::string trees : {"[7]", "[\"../etc\"]", "[\"\"]", "null"}) {
        EXPECT_EQ(refusal([&] { (void)request_from_text(head + trees + tail); }),
                  ErrorCode::malformed)
            << trees;
    }
    EXPECT_EQ(refusal([] { (void)request_from_text("{"); }), ErrorCode::malformed);
    EXPECT_EQ(refusal([] { (void)request_from_text("{}"); }), ErrorCode::malformed);
}

TEST(VerifyText, WhatIsNotAReportIsMalformed) {
    const auto with_finding = [](const std::string& kind, const std::string& place) {
        return R"({"findings_total":1,"findings":[{"kind":)" + kind +
               R"(,"source":"uploads","place":")" + place +
               R"(","expected":"","found":""}],"checked":[],"unchecked":[]})";
    };
    EXPECT_EQ(refusal([&] { (void)report_from_text(with_finding("9", "YQ==")); }), std::nullopt);
    // A kind that this build does not know, 256 that would come out as 0, and no base64.
    EXPECT_EQ(refusal([&] { (void)report_from_text(with_finding("200", "YQ==")); }),
              ErrorCode::malformed);
    EXPECT_EQ(refusal([&] { (void)report_from_text(with_finding("256", "YQ==")); }),
              ErrorCode::malformed);
    EXPECT_EQ(refusal([&] { (void)report_from_text(with_finding("9", "%%")); }),
              ErrorCode::malformed);
}

}  // namespace
}  // namespace farshore::daemon
