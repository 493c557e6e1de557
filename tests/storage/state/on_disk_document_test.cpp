// ON_DISK.md is what this build keeps: its marker is read as it says, and it names every table.
#include <gtest/gtest.h>

#include "storage/disk/tree_marker.hpp"
#include "storage/evidence/evidence_tables.hpp"
#include "storage/state/primary_state.hpp"
#include "storage/state/secondary_state.hpp"
#include "tests/support/temporary_directory.hpp"

namespace farshore::storage {
namespace {

std::string document() {
    return test::read_whole(FARSHORE_SOURCE_ROOT "/storage/ON_DISK.md");
}

TEST(OnDiskDocument, TheMarkerIsWhatWeWrite) {
    const std::string text = document();
    const std::string opening = "```\n{\"farshore\"";
    const std::size_t begin = text.find(opening);
    ASSERT_NE(begin, std::string::npos);
    const std::size_t line = begin + 4;
    const std::string written = text.substr(line, text.find('\n', line) - line + 1);
    const TreeMarker marker = parse_marker(written).take();
    EXPECT_EQ(marker, (TreeMarker{.stream = StreamName("shop"),
                                  .tree = SourceName("uploads"),
                                  .role = TreeMarker::Role::secondary,
                                  .id = "00112233445566778899aabbccddeeff"}));
    EXPECT_EQ(to_json(marker), written);
}

TEST(OnDiskDocument, EveryTableIsNamed) {
    const test::TemporaryDirectory directory;
    const std::string text = document();
    { const PrimaryState primary(directory / "primary.db"); }
    { const SecondaryState secondary(directory / "secondary.db"); }
    for (const char* file : {"primary.db", "secondary.db"}) {
        Database database(directory / file);
        make_evidence_tables(database);
        Statement ask(database,
                      "SELECT name FROM sqlite_master WHERE type = 'table' "
                      "AND name NOT LIKE 'sqlite_%'");
        int tables = 0;
        for (; ask.step(); ++tables) {
            const std::string name(ask.bytes(0));
            EXPECT_NE(text.find('`' + name + '`'), std::string::npos) << name;
        }
        EXPECT_GT(tables, 15);
    }
}

}  // namespace
}  // namespace farshore::storage
