#pragma once
// A secondary's state and one tree of its own, for what receives and what applies.

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/runtime/system_clock.hpp"
#include "agent/secondary/fault_board.hpp"
#include "agent/secondary/replica_tree.hpp"
#include "storage/disk/posix_file_system.hpp"
#include "storage/state/secondary_state.hpp"
#include "tests/support/faulty_file_system.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::secondary {

class ReceivingFixture : public testing::Test {
  protected:
    ReceivingFixture() {
        config::Tree tree;
        tree.name = uploads_;
        tree.path = root();
        std::filesystem::create_directory(tree.path);
        trees_[uploads_] = std::make_shared<ReplicaTree>(files_, StreamName("shop"), tree);
        trees_[uploads_]->require_ours(state_, random_);
        state_.enter_epoch(Epoch(1));
    }

    [[nodiscard]] std::string root() const { return directory_ / "replica"; }
    [[nodiscard]] std::string state_file() const { return directory_ / "state.db"; }
    // What another thread, or the next process, sees as durable.
    [[nodiscard]] storage::SecondaryStanding standing() const {
        return storage::SecondaryState(state_file()).standing();
    }
    [[nodiscard]] static FileEntry fifo(const std::string& path) {
        FileEntry entry;
        entry.path = path;
        entry.type = EntryType::fifo;
        entry.mode = 0600;
        entry.mark = MarkNumber(1);
        return entry;
    }
    [[nodiscard]] static FileEntry file(const std::string& path, const std::string& content) {
        FileEntry entry = fifo(path);
        entry.type = EntryType::file;
        entry.size = content.size();
        entry.sha256 = sha256(content);
        return entry;
    }
    [[nodiscard]] static FileEntry removal(const std::string& path) {
        FileEntry entry;
        entry.path = path;
        entry.type = EntryType::deleted;
        entry.mark = MarkNumber(1);
        return entry;
    }

    const SourceName uploads_{"uploads"};
    test::TemporaryDirectory directory_;
    storage::PosixFileSystem real_;
    test::FaultyFileSystem files_{real_};
    runtime::SystemRandom random_;
    runtime::SystemClock clock_;
    storage::SecondaryState state_{state_file()};
    FaultBoard faults_{clock_, [](const std::string&, const std::optional<Error>&) {}};
    std::map<SourceName, std::shared_ptr<ReplicaTree>> trees_;
};

}  // namespace farshore::secondary
