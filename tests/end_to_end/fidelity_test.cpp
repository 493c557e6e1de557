// agent/FIDELITY.md says what of a tree is the same on the secondary; here each of its rows is
// made, carried by two real agents, and compared. The document holds exactly the rows that were
// tried.

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/runtime/tree_rights.hpp"
#include "storage/disk/posix_file_system.hpp"
#include "tests/support/agent_pair.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/tree_listing.hpp"

namespace farshore::test {
namespace {

// `made` and, when that was carried, `changed`: shell, in a directory of the row's own.
struct Row {
    const char* what;
    const char* made;
    const char* changed = ":";
};

const std::vector<Row> rows{
    {"modes, with setuid, setgid and sticky",
     "echo a > a; chmod 6755 a; mkdir d; chmod 3777 d; echo z > z; chmod 0000 z",
     "chmod 4711 a; chmod 0700 d"},
    {"owners and groups, of symlinks too",
     "echo a > a; mkdir d; ln -s a l; chown 1234:4321 a d; chown -h 2345:5432 l",
     "chown 0:7 a; chown -h 9:9 l"},
    {"times of files, directories and symlinks, to the nanosecond",
     "echo a > a; mkdir d; echo b > d/b; ln -s a l; touch -d '2001-02-03 04:05:06.123456789' a d; "
     "touch -h -d '1969-12-31 23:59:59.000000001' l",
     "echo c > d/c; touch -d '2038-01-19 03:14:08.999999999' d"},
    {"POSIX ACLs, default ones too",
     "echo a > a; setfacl -m u:1234:rw a; mkdir d; setfacl -m d:g:4321:rx,u:7:r d; echo b > d/b",
     "setfacl -b a; setfacl -m u:8:x d"},
    {"xattrs user.*", "echo a > a; setfattr -n user.note -v kept a; mkdir d; setfattr -n user.x d",
     "setfattr -x user.note a; setfattr -n user.other -v new a"},
    {"xattrs trusted.*", "echo a > a; setfattr -n trusted.note -v kept a", "echo more >> a"},
    {"xattr security.capability", "cp /bin/true a; setcap cap_net_raw+ep a",
     "chown 1:1 a; "
     "setcap cap_net_bind_service+ep a"},
    {"hard links, also one that comes later", "echo a > a; ln a b; mkdir d; ln a d/c",
     "ln a later; rm b; echo changed >> d/c"},
    {"10,000 names of one file",
     "python3 -c 'import os; open(\"a\",\"w\").write(\"x\"); "
     "[os.link(\"a\", \"n%05d\" % i) for i in range(9999)]'"},
    {"holes, and what a file allocates",
     "truncate -s 64M a; printf x | dd of=a bs=1 seek=33554432 conv=notrunc status=none; "
     "truncate -s 200K small; printf y >> small; truncate -s 1M nothing"},
    {"symlinks to anything",
     "ln -s ../no/where dangling; ln -s / root; ln -s self self; "
     "ln -s \"$(printf 'not\\377utf8\\n')\" bytes; ln -s $(printf 'x%.0s' $(seq 4000)) long",
     "ln -sfn . self; rm root"},
    {"FIFOs and sockets",
     "mkfifo -m 0640 pipe; python3 -c 'import socket; "
     "socket.socket(socket.AF_UNIX).bind(\"socket\")'",
     "chmod 0600 pipe socket"},
    {"devices", "mknod null c 1 3; mknod loop b 7 99; chmod 0666 null", "chown 5:6 null"},
    {"names of any bytes",
     "for name in 'a\\nb' '\\377\\376' ' ' '-rf' '*' '\\\\' '\\001' '...' 'farshore'; do "
     "printf x > \"./$(printf -- \"$name\")\"; done"},
    {"names of 255 bytes",
     "n=$(printf 'n%.0s' $(seq 255)); mkdir $n; echo a > $n/$n; ln -s $n/$n l; mkdir d; mv $n d"},
    {"paths longer than PATH_MAX",
     "python3 -c 'import os\n"
     "for i in range(20): os.mkdir(\"p\" * 250); os.chdir(\"p\" * 250)\n"
     "open(\"a\", \"w\").write(\"x\"); os.mkdir(\"empty\"); os.link(\"a\", \"b\"); "
     "os.symlink(\"a\", \"l\")'",
     "python3 -c 'import os\n"
     "for i in range(20): os.chdir(\"p\" * 250)\n"
     "open(\"a\", \"a\").write(\"more\"); os.rename(\"b\", \"c\"); os.rmdir(\"empty\")'"},
    {"empty files and directories", "mkdir -p a/b/c d; : > e", "rmdir a/b/c; : > d/f"},
    {"a directory with many entries (20,000)",
     "mkdir d; cd d; python3 -c '[open(\"e%05d\" % i, \"w\").close() for i in range(20000)]'",
     "rm d/e0000*"},
};

class Fidelity : public ::testing::Test {
  protected:
    Fidelity() {
        settings_.trees.push_back({"files", root_ / "source", root_ / "replica"});
        settings_.config_lines = {{"replication", "mark_interval = \"200ms\""}};
    }

    std::string directory_of(const std::string& tree, std::size_t row) const {
        return (root_ / tree) + "/row-" + std::to_string(row);
    }
    void run_each(const char* Row::*script) {
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const std::string at = directory_of("source", i);
            ::mkdir(at.c_str(), 0755);
            const Outcome outcome =
                run({"bash", "-euc", "cd \"$1\"\n" + std::string(rows[i].*script), "bash", at});
            ASSERT_EQ(outcome.status, 0) << rows[i].what << ": " << outcome.err;
        }
    }
    void expect_each_the_same() {
        const Outcome flushed = pair_->flush(std::chrono::seconds(300));
        ASSERT_EQ(flushed.status, 0) << flushed.err << pair_->log("east") << pair_->log("west");
        for (std::size_t i = 0; i < rows.size(); ++i) {
            SCOPED_TRACE(rows[i].what);
            expect_same(directory_of("source", i), directory_of("replica", i));
        }
    }
    static void expect_same(const std::string& source, const std::string& replica);

    TemporaryDirectory root_;
    PairSettings settings_;
    std::unique_ptr<AgentPair> pair_;
};

// Entries of both hosts are equal when names of one inode have the same first name.
std::vector<FileEntry> listed(const std::string& root) {
    std::vector<FileEntry> entries = listing_of(root);
    std::map<std::string, std::string> first;
    for (FileEntry& entry : entries) {
        if (!entry.link.empty()) {
            entry.link = first.try_emplace(entry.link, entry.path).first->second;
        }
    }
    return entries;
}

std::uint64_t allocated(const std::string& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_blocks) : 0;
}

void Fidelity::expect_same(const std::string& source, const std::string& replica) {
    const std::vector<FileEntry> expected = listed(source);
    const std::vector<FileEntry> found = listed(replica);
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        ASSERT_EQ(found[i], expected[i]) << expected[i].path;
        if (expected[i].type == EntryType::file && expected[i].path.size() < 1000) {
            // A filesystem's own tables make a few blocks of difference.
            EXPECT_LE(allocated(replica + "/" + found[i].path),
                      allocated(source + "/" + found[i].path) + 64)
                << found[i].path;
        }
    }
}

TEST_F(Fidelity, EachRowOfTheTableIsKept) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "owners, devices and trusted.* want root";
    }
    ::mkdir((root_ / "source").c_str(), 0755);
    run_each(&Row::made);
    pair_ = std::make_unique<AgentPair>(settings_);
    pair_->start_both();
    expect_each_the_same();
    run_each(&Row::changed);
    expect_each_the_same();
}

TEST(FidelityDocument, HoldsWhatIsTriedAndWhatRightsBring) {
    const std::string document = read_whole(FARSHORE_SOURCE_ROOT "/agent/FIDELITY.md");
    std::size_t lines = 0;
    for (std::size_t at = 0; (at = document.find("\n| ", at)) != std::string::npos; ++at) {
        ++lines;
    }
    std::size_t expected = 4;  // two tables, each with a head and a rule
    for (const Row& row : rows) {
        EXPECT_NE(document.find("\n| " + std::string(row.what) + " | "), std::string::npos)
            << row.what;
        ++expected;
    }
    for (const runtime::LackingRight& right : runtime::unkept_without_rights(0)) {
        EXPECT_NE(document.find("\n| " + right.what + " | "), std::string::npos) << right.what;
        ++expected;
    }
    EXPECT_EQ(lines, expected);
}

}  // namespace
}  // namespace farshore::test
