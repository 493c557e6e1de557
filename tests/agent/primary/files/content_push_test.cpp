#include "agent/primary/files/content_push.hpp"

#include <gtest/gtest.h>

#include "protocol/limits.hpp"
#include "tests/agent/primary/files/tree_fixture.hpp"
#include "tests/support/names.hpp"

namespace farshore::primary {
namespace {

using test::uploads;
constexpr RecipeShape shape{.seed = 1, .bits = 13};

class ContentPushTest : public testing::Test {
  protected:
    ContentStart start() { return {uploads, "big", 0, 0, {}}; }
    RecipeStart recipe() { return {uploads, "big", 0, shape, {"other"}}; }
    ReadPiece read() {
        return [this](std::uint64_t offset, std::size_t length) {
            return content_.substr(offset, length);
        };
    }
    void feed(ContentPush& push) {
        for (std::size_t at = 0; at < content_.size(); at += limits::payload_piece) {
            push.data(std::string_view(content_).substr(at, limits::payload_piece));
        }
    }

    RecordingSink sink_;
    const std::string content_ = std::string(3 * limits::mib + 5, 'x');
};

TEST_F(ContentPushTest, ArrivesAsItIsOrByItsRecipe) {
    {
        ContentPush push(sink_, start());
        feed(push);
        push.end(content_.size(), sha256(content_));
    }
    EXPECT_TRUE(sink_.has(content_));
    EXPECT_EQ(sink_.recipes, 0);
    sink_.forget();
    {
        ContentPush push(sink_, recipe(), read());
        feed(push);
        push.end(content_.size(), sha256(content_));
    }
    EXPECT_TRUE(sink_.has(content_));
    EXPECT_EQ(sink_.recipes, 1);
    EXPECT_EQ(sink_.last_bases, std::vector<std::string>{"other"});
    EXPECT_EQ(sink_.aborted, 0);
}

TEST_F(ContentPushTest, WhatIsNotEndedIsAborted) {
    {
        ContentPush push(sink_, start());
        feed(push);
        ContentPush other(sink_, recipe(), read());
        feed(other);
    }
    EXPECT_EQ(sink_.aborted, 2);
    EXPECT_EQ(sink_.pushed(), 0U);
}

TEST_F(ContentPushTest, WithNobodyLeftItSaysSoAndDoesNotThrow) {
    sink_.on_data = [] { throw Error(ErrorCode::connection_lost, "gone"); };
    for (const bool by_recipe : {false, true}) {
        std::unique_ptr<ContentPush> push =
            by_recipe ? std::make_unique<ContentPush>(sink_, recipe(), read())
                      : std::make_unique<ContentPush>(sink_, start());
        EXPECT_FALSE(push->is_lost());
        feed(*push);
        EXPECT_TRUE(push->is_lost());
        push->end(content_.size(), sha256(content_));
    }
    EXPECT_EQ(sink_.pushed(), 0U);
}

TEST_F(ContentPushTest, PiecesAreReadFromAFileThatIsHeldOpen) {
    const test::TemporaryDirectory directory;
    storage::PosixFileSystem files;
    const storage::Handle root = files.open_root(directory.path());
    test::write_whole(directory / "file", "content");
    const ReadPiece read = piece_reader(files, files.open_file(root, "file"));
    files.unlink(root, "file");
    EXPECT_EQ(read(3, 100), "tent");
    EXPECT_EQ(read(0, 3), "con");
    EXPECT_EQ(read(50, 3), "");
}

}  // namespace
}  // namespace farshore::primary
