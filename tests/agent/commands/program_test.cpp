// The program itself: its table of contents, and how it ends.

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace farshore {
namespace {

struct Outcome {
    int status = -1;
    std::string printed;  // both streams
};

Outcome run(const std::string& words) {
    const char* program = std::getenv("FARSHORE");
    if (program == nullptr) {
        return {};
    }
    Outcome outcome;
    std::FILE* pipe = ::popen((std::string(program) + " " + words + " 2>&1").c_str(), "r");
    std::array<char, 4'096> piece{};
    while (std::fgets(piece.data(), piece.size(), pipe) != nullptr) {
        outcome.printed += piece.data();
    }
    outcome.status = WEXITSTATUS(::pclose(pipe));
    return outcome;
}

TEST(Program, EveryCommandExplainsItselfWithAnExample) {
    for (const char* command : {"init", "agent", "lag", "check", "status", "flush", "put", "verify",
                                "detach", "keygen", "version"}) {
        const Outcome outcome = run(std::string(command) + " --help");
        EXPECT_EQ(outcome.status, 0) << command;
        EXPECT_NE(outcome.printed.find("Example:\n  farshore " + std::string(command)),
                  std::string::npos)
            << outcome.printed;
        EXPECT_NE(run("--help").printed.find(command), std::string::npos);
    }
}

TEST(Program, Version) {
    const Outcome outcome = run("version");
    EXPECT_EQ(outcome.status, 0);
    EXPECT_TRUE(outcome.printed.starts_with("farshore ")) << outcome.printed;
    EXPECT_EQ(run("--version").printed, outcome.printed);
}

TEST(Program, UnknownCommandsAndOptionsEndWith2) {
    EXPECT_EQ(run("").status, 2);
    const Outcome promote = run("promote");
    EXPECT_EQ(promote.status, 2);
    EXPECT_NE(promote.printed.find("\"promote\""), std::string::npos);
    EXPECT_EQ(run("lag --colour").status, 2);
    EXPECT_EQ(run("lag --socket /nowhere").status, 2);
    EXPECT_EQ(run("check --socket /nowhere").status, 3);
}

TEST(Program, EndsWithItsStatusWhereNobodyCanBeTold) {
    const std::string program = std::getenv("FARSHORE");
    for (const char* streams : {"2>&-", "1>&- 2>&-", "0<&- 1>&- 2>&-", "2>/dev/full"}) {
        const int ended = std::system((program + " lag --socket /nowhere " + streams).c_str());
        EXPECT_TRUE(WIFEXITED(ended)) << streams;
        EXPECT_EQ(WEXITSTATUS(ended), 2) << streams;
    }
    EXPECT_EQ(run("version >&-").status, 2);
    EXPECT_EQ(run("version >/dev/full").status, 2);
}

TEST(Program, AVerificationThatCouldNotRunIsNoDifference) {
    EXPECT_EQ(run("verify --store file:/nowhere --trust /nowhere/trust.toml").status, 2);
}

// --check said ok, and the agent could not start.
TEST(Program, AFileInPlaceOfTheStateDirectoryIsNamed) {
    std::string folder = testing::TempDir() + "farshore-program-XXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    ASSERT_EQ(run("init --stream s --out " + folder +
                  "/pair --primary east=127.0.0.1:7450 --secondary west=127.0.0.1:7451 --tree t=" +
                  folder + "/tree --replica-tree t=" + folder + "/replica")
                  .status,
              0);
    std::ofstream(folder + "/pair/east/state") << "not ours";
    const Outcome checked = run("agent --check --config " + folder + "/pair/east/farshore.toml");
    EXPECT_EQ(checked.status, 2);
    EXPECT_NE(checked.printed.find("/pair/east/state is no directory"), std::string::npos)
        << checked.printed;
    std::filesystem::remove_all(folder);
}

TEST(Program, AConfigThatIsNotThereIsNamed) {
    const Outcome outcome = run("agent --config /nowhere/farshore.toml --check");
    EXPECT_EQ(outcome.status, 2);
    EXPECT_NE(outcome.printed.find("/nowhere/farshore.toml"), std::string::npos);
}

}  // namespace
}  // namespace farshore
