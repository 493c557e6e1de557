// The worked example of MARKS.md is what this build writes, and what it reads; so is what
// tests/golden/mark_v1 has recorded.

#include <gtest/gtest.h>

#include <map>

#include "tests/support/sample_evidence.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore {
namespace {

std::string root(const std::string& path) {
    return std::string(FARSHORE_SOURCE_ROOT) + "/" + path;
}

// The fenced blocks of the document that have a name after their language.
std::map<std::string, std::string> blocks_of(const std::string& document) {
    std::map<std::string, std::string> blocks;
    const std::string fence = "\n```";
    for (std::size_t at = document.find(fence); at != std::string::npos;
         at = document.find(fence, at)) {
        const std::size_t line_end = document.find('\n', at + 1);
        const std::string head = document.substr(at + fence.size(), line_end - at - fence.size());
        const std::size_t end = document.find(fence, line_end);
        if (const std::size_t space = head.find(' '); space != std::string::npos) {
            blocks[head.substr(space + 1)] = document.substr(line_end + 1, end - line_end - 1);
        }
        at = end + fence.size();
    }
    return blocks;
}

class MarksDocument : public testing::Test {
  protected:
    std::map<std::string, std::string> blocks_ =
        blocks_of(test::read_whole(root("protocol/MARKS.md")));

    std::string golden(const std::string& name) {
        return test::read_whole(root("tests/golden/mark_v1/" + name));
    }
    std::string opened(const std::string& text, std::string_view type) {
        const Result<OpenedEnvelope> opened = open_envelope(text, type, test::shop_trust());
        EXPECT_TRUE(opened.ok()) << opened.error().message();
        return opened ? opened.value().payload : "";
    }
};

TEST_F(MarksDocument, MarkIsAsWritten) {
    EXPECT_EQ(blocks_.at("mark-payload"), to_payload(test::sample_mark()));
    EXPECT_EQ(blocks_.at("mark"), test::sample_mark_envelope());
    for (const std::string& text : {blocks_.at("mark"), golden("mark.json")}) {
        EXPECT_EQ(parse_mark(opened(text, payload_type::mark)).take(), test::sample_mark());
    }
    const std::string payload = blocks_.at("mark-payload");
    EXPECT_TRUE(
        pre_authentication_encoding(payload_type::mark, payload)
            .starts_with("DSSEv1 37 application/vnd.farshore.mark.v1+json 749 {\"agent\":"));
    EXPECT_EQ(sha256(payload).hex(),
              "cbb35e11511e52e46650bbe0c603e6ca37547823c125d79ad11bca7db9524356");
}

TEST_F(MarksDocument, EpochRecordIsAsWritten) {
    EXPECT_EQ(
        blocks_.at("epoch"),
        seal_envelope(payload_type::epoch, to_payload(test::sample_epoch()), test::east_key()));
    for (const std::string& text : {blocks_.at("epoch"), golden("epoch.json")}) {
        EXPECT_EQ(parse_epoch_record(opened(text, payload_type::epoch)).take(),
                  test::sample_epoch());
    }
}

TEST_F(MarksDocument, ManifestIsAsWritten) {
    EXPECT_EQ(opened(blocks_.at("manifest"), payload_type::manifest),
              blocks_.at("manifest-payload"));
    for (const std::string& text : {blocks_.at("manifest"), golden("manifest.json")}) {
        Manifest manifest = parse_manifest(opened(text, payload_type::manifest)).take();
        ASSERT_EQ(manifest.checkpoints.size(), 1U);
        EXPECT_EQ(manifest.checkpoints.front().digest, sha256(golden("checkpoint.jsonl.zst")));
        EXPECT_EQ(manifest.checkpoints.front().count, 4U);
        manifest.checkpoints.clear();
        EXPECT_EQ(manifest, test::sample_manifest());
    }
}

TEST_F(MarksDocument, ReceiptIsAsWritten) {
    EXPECT_EQ(
        blocks_.at("receipt"),
        seal_envelope(payload_type::receipt, to_payload(test::sample_receipt()), test::west_key()));
    for (const std::string& text : {blocks_.at("receipt"), golden("receipt.json")}) {
        EXPECT_EQ(parse_receipt(opened(text, payload_type::receipt)).take(),
                  test::sample_receipt());
    }
}

TEST_F(MarksDocument, EntryLinesAreAsWritten) {
    std::string lines;
    for (const FileEntry& entry : test::sample_entries()) {
        lines += (lines.empty() ? "" : "\n") + to_json_line(entry);
    }
    EXPECT_EQ(blocks_.at("checkpoint-lines"), lines);
}

TEST_F(MarksDocument, CheckpointBytesAreThoseOfTheManifest) {
    std::string bytes;
    std::string digits = blocks_.at("checkpoint");
    std::erase(digits, '\n');
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
        bytes.push_back(static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16)));
    }
    EXPECT_EQ(bytes, golden("checkpoint.jsonl.zst"));
}

}  // namespace
}  // namespace farshore
