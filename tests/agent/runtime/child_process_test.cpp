#include "agent/runtime/child_process.hpp"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>

namespace farshore::test {
namespace {

using namespace runtime;

std::string read_all(ChildProcess& child) {
    std::string text;
    std::array<char, 4096> buffer{};
    while (const std::size_t count = child.read(buffer)) {
        text.append(buffer.data(), count);
    }
    return text;
}

TEST(ChildProcess, FeedsAndReads) {
    ChildSettings settings;
    settings.arguments = {"sh", "-c", "echo \"$GREETING $1\"; wc -c", "sh", "a; b"};
    settings.environment = {{"GREETING", "hello"}};
    ChildProcess child(settings);
    EXPECT_EQ(read_all(child), "hello a; b\n0\n");
    child.finish(ErrorCode::io);
}

TEST(ChildProcess, SaysWhatAFailedOneSaid) {
    ChildSettings settings;
    settings.arguments = {"sh", "-c", "cat > /dev/null; echo broken >&2; exit 3"};
    settings.feed = true;
    ChildProcess child(settings);
    child.write(std::string(1'000'000, 'x'));
    try {
        child.finish(ErrorCode::database_refused);
        ADD_FAILURE() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::database_refused);
        EXPECT_EQ(error.message(), "sh failed: broken");
    }
}

TEST(ChildProcess, OneThatEndsEarlyDoesNotKillUs) {
    ChildSettings settings;
    settings.arguments = {"false"};
    settings.feed = true;
    ChildProcess child(settings);
    child.write(std::string(1'000'000, 'x'));
    EXPECT_THROW(child.finish(ErrorCode::io), Error);
}

TEST(ChildProcess, NamesAProgramThatIsNotThere) {
    ChildSettings settings;
    settings.arguments = {"no-such-program"};
    ChildProcess child(settings);
    try {
        child.finish(ErrorCode::io);
        ADD_FAILURE() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::not_found);
    }
}

TEST(ChildProcess, FilesInMemoryAreHandedOver) {
    const MemoryFile in("in");
    const MemoryFile out("out");
    in.write("content");
    ChildSettings settings;
    settings.arguments = {"cat", in.path()};
    settings.inherited = {&in};
    settings.output = &out;
    ChildProcess child(settings);
    child.finish(ErrorCode::io);
    EXPECT_EQ(out.tail(100), "content");
    EXPECT_EQ(out.tail(3), "ent");
}

TEST(ChildProcess, StopEndsTheWaiting) {
    const int stop = eventfd(1, EFD_CLOEXEC);
    ChildSettings settings;
    settings.arguments = {"sleep", "600"};
    settings.stop_descriptor = stop;
    {
        ChildProcess child(settings);
        try {
            child.finish(ErrorCode::io);
            ADD_FAILURE() << "it went on";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::cancelled);
        }
    }
    close(stop);
}

}  // namespace
}  // namespace farshore::test
