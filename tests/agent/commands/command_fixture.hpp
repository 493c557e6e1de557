#pragma once
// A folder of its own, and a command's exit status with what it printed.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "agent/commands/command.hpp"

namespace farshore::commands {

class CommandTest : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "farshore-command-XXXXXX";
        folder_ = ::mkdtemp(pattern.data());
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    int run(int (*command)(const Arguments&), const Arguments& arguments) {
        testing::internal::CaptureStdout();
        try {
            const int status = command(arguments);
            printed_ = testing::internal::GetCapturedStdout();
            return status;
        } catch (...) {
            printed_ = testing::internal::GetCapturedStdout();
            throw;
        }
    }
    [[nodiscard]] std::string content(const std::string& name) const {
        std::ifstream file(folder_ + "/" + name);
        std::stringstream text;
        text << file.rdbuf();
        return text.str();
    }

    std::string folder_, printed_;
};

}  // namespace farshore::commands
