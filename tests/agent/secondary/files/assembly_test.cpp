#include "agent/secondary/files/assembly.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "protocol/limits.hpp"
#include "storage/disk/posix_file_system.hpp"
#include "storage/disk/tree_paths.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::secondary {
namespace {

constexpr RecipeShape shape{.seed = 11, .bits = 13};

std::string noise(std::size_t size, std::uint32_t seed) {
    std::mt19937_64 random(seed);
    std::string content(size, '\0');
    for (char& byte : content) {
        byte = static_cast<char>(random());
    }
    return content;
}

// What the primary does, in one thread: tells the recipe and answers.
class AssemblyTest : public testing::Test {
  protected:
    std::unique_ptr<Assembly> begin(const std::vector<std::string>& bases) {
        AssemblyParts parts{.files = files_,
                            .number = 3,
                            .shape = shape,
                            .target = staging_.begin("file", 0, true),
                            .bases = {},
                            .ask = [this](const PiecesWanted& wanted) { ask(wanted); },
                            .with_room = [](const std::function<void()>& deed,
                                            const runtime::StopToken&) { deed(); }};
        for (const std::string& base : bases) {
            parts.bases.push_back(files_.open_file(root_, base));
        }
        return std::make_unique<Assembly>(std::move(parts));
    }
    void ask(const PiecesWanted& wanted) {
        const std::lock_guard lock(mutex_);
        wanted_.insert(wanted_.end(), wanted.pieces.begin(), wanted.pieces.end());
        last_ = last_ || wanted.last;
        changed_.notify_all();
    }
    void tell(Assembly& assembly, std::string_view content) {
        RecipeChunks message{3, {}};
        Chunker chunker(shape);
        const auto take = [&](const Chunk& chunk) { message.chunks.push_back(chunk); };
        chunker.feed(content, take);
        chunker.finish(take);
        assembly.take(std::move(message));
        assembly.take(RecipeEnd{3});
    }
    // Answers until nothing more is wanted, or `most` pieces were; the bytes that it took.
    std::size_t answer(Assembly& assembly, std::string_view content, std::size_t most = SIZE_MAX) {
        std::size_t bytes = 0;
        for (std::size_t pieces = 0; pieces < most; ++pieces) {
            WantedPiece piece;
            {
                std::unique_lock lock(mutex_);
                changed_.wait(lock, [&] { return last_ || !wanted_.empty(); });
                if (wanted_.empty()) {
                    break;
                }
                piece = wanted_.front();
                wanted_.pop_front();
            }
            PiecePatch patch{3, piece.offset, {}};
            const std::string_view all = content.substr(piece.offset, piece.length);
            for (const PageRun& run : differing_runs(all, piece.offset, piece.pages, shape.seed)) {
                patch.runs.push_back({run.at, std::string(all.substr(run.at, run.length))});
                bytes += run.length;
            }
            assembly.take(std::move(patch));
        }
        return bytes;
    }
    // The whole way; how many bytes were sent.
    std::size_t transfer(const std::string& content, const std::vector<std::string>& bases) {
        last_ = false;
        const auto assembly = begin(bases);
        tell(*assembly, content);
        const std::size_t sent = answer(*assembly, content);
        EXPECT_TRUE(assembly->finish(content.size(), sha256(content), {}));
        EXPECT_EQ(test::read_whole(directory_ / storage::tree_paths::staged(sha256(content))),
                  content);
        return sent;
    }

    test::TemporaryDirectory directory_;
    storage::PosixFileSystem files_;
    storage::Handle root_ = files_.open_root(directory_.path());
    Staging staging_{files_, root_, [](const Digest&) { return false; }};
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<WantedPiece> wanted_;
    bool last_ = false;
    const std::string old_ = noise(4 * limits::mib, 1);
};

TEST_F(AssemblyTest, WithNothingHereAllOfItIsAskedFor) {
    EXPECT_EQ(transfer(old_, {}), old_.size());
    EXPECT_EQ(transfer("short", {}), 5U);
    EXPECT_EQ(transfer("", {}), 0U);
}

TEST_F(AssemblyTest, OnlyPagesThatChangedAreSent) {
    test::write_whole(directory_ / "file", old_);
    std::string content = old_;
    for (const std::size_t page : {3U, 4U, 500U, 1'000U}) {
        content.replace(page * limits::recipe_page, limits::recipe_page,
                        noise(limits::recipe_page, static_cast<std::uint32_t>(page)));
    }
    EXPECT_LE(transfer(content, {"file"}), 4 * limits::recipe_page);
    EXPECT_EQ(transfer(old_, {"file"}), 0U);
}

TEST_F(AssemblyTest, WhatWasInsertedOrAppendedIsSentAndNotMuchMore) {
    test::write_whole(directory_ / "file", old_);
    const std::string added = noise(100'000, 2);
    EXPECT_LE(transfer(added + old_, {"file"}), added.size() + 2 * shape.most());
    EXPECT_LE(transfer(old_ + added, {"file"}), added.size() + shape.most());
    std::string middle = old_;
    middle.insert(1'234'567, added);
    EXPECT_LE(transfer(middle, {"file"}), added.size() + 3 * shape.most());
    EXPECT_EQ(transfer(old_.substr(0, 5'000'00), {"file"}) <= shape.most(), true);
}

TEST_F(AssemblyTest, AnyOfTheBasesMayHaveIt) {
    const std::string other = noise(limits::mib, 3);
    test::write_whole(directory_ / "one", old_);
    test::write_whole(directory_ / "other", other);
    EXPECT_LE(transfer(other + old_.substr(0, limits::mib) + other, {"one", "other"}),
              6 * shape.most());
}

TEST_F(AssemblyTest, AnInterruptedTransferGoesOnWhereItStopped) {
    {
        const auto assembly = begin({});
        tell(*assembly, old_);
        EXPECT_GT(answer(*assembly, old_, 200), limits::mib);
        // Until what came is written.
        const auto written = [&] {
            return std::filesystem::file_size(directory_ /
                                              storage::tree_paths::begun(sha256("file")));
        };
        while (written() < limits::mib) {
            std::this_thread::yield();
        }
    }
    wanted_.clear();
    EXPECT_TRUE(staging_.begun().has(sha256("file")));
    // A new process finds it too.
    Staging again(files_, root_, [](const Digest&) { return false; });
    EXPECT_TRUE(again.begun().has(sha256("file")));
    EXPECT_LE(transfer(old_, {}), old_.size() - limits::mib + shape.most());
    EXPECT_FALSE(staging_.begun().has(sha256("file")));
}

TEST_F(AssemblyTest, ABeginningOfSomethingElseDoesNoHarm) {
    test::write_whole(directory_ / storage::tree_paths::begun(sha256("file")),
                      noise(6 * limits::mib, 4) + old_);
    staging_.begun().found(sha256("file"));
    const std::string content = old_ + std::string(200'000, '\0') + "end";
    EXPECT_EQ(transfer(content, {}), content.size());
}

TEST_F(AssemblyTest, WhatIsNotTheContentIsNotStaged) {
    test::write_whole(directory_ / "file", old_);
    const auto assembly = begin({"file"});
    tell(*assembly, old_);
    (void)answer(*assembly, old_);
    EXPECT_FALSE(assembly->finish(old_.size(), sha256("another"), {}));
    EXPECT_EQ(staging_.count(), 0U);
    EXPECT_FALSE(staging_.begun().has(sha256("file")));
}

TEST_F(AssemblyTest, ABaseThatShrinksMeanwhileEndsItAndThePrimaryIsNotLeftWaiting) {
    test::write_whole(directory_ / "file", old_);
    const std::string content = noise(20 * limits::mib, 5) + old_;
    const auto assembly = begin({"file"});
    tell(*assembly, content);
    {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return !wanted_.empty(); });  // the base was looked through
    }
    std::filesystem::resize_file(directory_ / "file", 10);
    (void)answer(*assembly, content);  // ends by `last`
    EXPECT_FALSE(assembly->finish(content.size(), sha256(content), {}));
    EXPECT_EQ(staging_.count(), 0U);
}

TEST_F(AssemblyTest, APieceThatWasNotAskedForIsRefused) {
    const auto assembly = begin({});
    EXPECT_THROW(assembly->take(PiecePatch{3, 0, {}}), Error);
    tell(*assembly, "abc");
    (void)answer(*assembly, "abc", 1);
    EXPECT_THROW(assembly->take(PiecePatch{3, 0, {}}), Error);
}

}  // namespace
}  // namespace farshore::secondary
