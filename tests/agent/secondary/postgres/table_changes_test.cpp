#include "agent/secondary/postgres/table_changes.hpp"

#include <gtest/gtest.h>

#include "tests/agent/secondary/postgres/values.hpp"

#include <map>
#include <optional>
#include <random>
#include <vector>

namespace farshore::secondary {
namespace {

using pgoutput::OldRow;
using pgoutput::OldRowKind;
using pgoutput::Row;
using pgoutput::Value;
using pgoutput::ValueKind;
using test::text;

ReplicaTable keyed_table() {
    ReplicaTable table;
    table.name = "public.item";
    table.quoted = "public.item";
    for (const char* name : {"id", "a", "b"}) {
        ReplicaColumn column;
        column.name = name;
        column.quoted = name;
        column.type = column.plain_type = "text";
        column.has_array = true;
        table.columns.push_back(column);
    }
    table.columns[0].is_key = true;
    table.columns[0].equality = "OPERATOR(pg_catalog.=)";
    return table;
}

TEST(TableChanges, ComesToOneDeedForEachKey) {
    const ReplicaTable table = keyed_table();
    TableChanges changes(table);
    EXPECT_EQ(changes.take(pgoutput::Insert{1, {text("1"), text("x"), text("y")}}), Taken::yes);
    EXPECT_EQ(changes.take(pgoutput::Update{
                  1, std::nullopt, {text("1"), text("z"), {ValueKind::unchanged, {}}}}),
              Taken::yes);
    ASSERT_EQ(changes.changes().size(), 1U);
    const NetChange& change = changes.changes().front();
    EXPECT_EQ(change.then, RowDeedKind::insert);
    EXPECT_FALSE(change.removes);
    Row row;
    change.row.unpack(row);
    EXPECT_EQ(row[1].bytes, "z");
    EXPECT_EQ(row[2].bytes, "y");
    const Value null;
    const pgoutput::Delete gone{1, {OldRowKind::key, {text("1"), null, null}}};
    EXPECT_EQ(changes.take(gone), Taken::yes);
    EXPECT_EQ(change.then, RowDeedKind::nothing);
    EXPECT_FALSE(change.removes);
    EXPECT_EQ(changes.take(gone), Taken::contradiction);
}

TEST(TableChanges, LeavesAloneWhatHasToBeDoneByItself) {
    ReplicaTable table = keyed_table();
    TableChanges changes(table);
    const Value null;
    const OldRow old_key{OldRowKind::key, {text("1"), null, null}};
    EXPECT_EQ(changes.take(pgoutput::Update{1, old_key, {text("2"), text("x"), null}}),
              Taken::alone);
    EXPECT_EQ(changes.take(pgoutput::Update{1, std::nullopt, {text("1"), text("x")}}),
              Taken::alone);
    EXPECT_EQ(changes.take(pgoutput::Insert{1, {}}), Taken::alone);
    table.columns[0].equality.clear();
    TableChanges not_by_index(table);
    EXPECT_EQ(not_by_index.take(pgoutput::Update{1, std::nullopt, {text("1"), text("x"), null}}),
              Taken::alone);
    EXPECT_EQ(not_by_index.take(pgoutput::Delete{1, old_key}), Taken::alone);
    EXPECT_EQ(not_by_index.take(pgoutput::Insert{1, {text("1"), text("x"), null}}), Taken::yes);
    EXPECT_TRUE(changes.empty());
}

// What the replica's table is, row by row, and whether every change found what it should.
struct Model {
    std::map<std::string, std::vector<std::string>> rows;
    bool is_sound = true;

    void insert(const std::string& key, const std::vector<std::string>& row) {
        is_sound = rows.emplace(key, row).second && is_sound;
    }
    void update(const std::string& key, const std::optional<std::string>& a, const std::string& b) {
        const auto found = rows.find(key);
        if (found == rows.end()) {
            is_sound = false;
            return;
        }
        if (a) {
            found->second[0] = *a;
        }
        found->second[1] = b;
    }
    void remove(const std::string& key) { is_sound = rows.erase(key) == 1 && is_sound; }

    void apply(const TableChanges& changes) {
        Row key;
        Row row;
        for (const NetChange& change : changes.changes()) {
            change.key.unpack(key);
            if (change.removes) {
                remove(std::string(key[0].bytes));
            }
        }
        for (const NetChange& change : changes.changes()) {
            change.key.unpack(key);
            change.row.unpack(row);
            const std::string name(key[0].bytes);
            if (change.then == RowDeedKind::update) {
                const bool has_a = row[1].kind == ValueKind::text;
                update(name, has_a ? std::optional(std::string(row[1].bytes)) : std::nullopt,
                       std::string(row[2].bytes));
            } else if (change.then == RowDeedKind::insert) {
                insert(name, {std::string(row[1].bytes), std::string(row[2].bytes)});
            }
        }
    }
};

class Sequence {
  public:
    explicit Sequence(unsigned seed) : random_(seed), changes_(table_) {
        for (const char* key : {"1", "2", "3"}) {
            one_by_one_.insert(key, {"old", "old"});
        }
        start_ = one_by_one_;
    }

    // False at a contradiction.
    bool step() {
        const std::string key = std::to_string(random_() % 6);
        const std::string a = std::to_string(random_() % 100);
        const std::string b = std::to_string(random_() % 100);
        switch (random_() % 3) {
            case 0:
                one_by_one_.insert(key, {a, b});
                return changes_.take(pgoutput::Insert{1, {text(key), text(a), text(b)}}) ==
                       Taken::yes;
            case 1: {
                const bool keeps_a = random_() % 2 == 0;
                one_by_one_.update(key, keeps_a ? std::nullopt : std::optional(a), b);
                const Value value = keeps_a ? Value{ValueKind::unchanged, {}} : text(a);
                return changes_.take(pgoutput::Update{
                           1, std::nullopt, {text(key), value, text(b)}}) == Taken::yes;
            }
            default:
                one_by_one_.remove(key);
                return changes_.take(pgoutput::Delete{
                           1, {OldRowKind::key, {text(key), Value(), Value()}}}) == Taken::yes;
        }
    }
    [[nodiscard]] const Model& one_by_one() const { return one_by_one_; }
    [[nodiscard]] Model at_once() const {
        Model model = start_;
        model.apply(changes_);
        return model;
    }

  private:
    std::mt19937 random_;
    ReplicaTable table_ = keyed_table();
    TableChanges changes_;
    Model one_by_one_;
    Model start_;
};

TEST(TableChanges, ComesToTheSameAsOneByOne) {
    std::size_t sound = 0;
    for (unsigned seed = 1; seed <= 20'000; ++seed) {
        Sequence sequence(seed);
        const unsigned length = 1 + seed % 12;
        bool goes_on = true;
        for (unsigned i = 0; i < length && goes_on; ++i) {
            const bool taken = sequence.step();
            // A contradiction is one, and ends the run.
            ASSERT_TRUE(taken || !sequence.one_by_one().is_sound) << "seed " << seed;
            goes_on = taken && sequence.one_by_one().is_sound;
        }
        if (goes_on) {
            ++sound;
            const Model at_once = sequence.at_once();
            ASSERT_TRUE(at_once.is_sound) << "seed " << seed;
            ASSERT_EQ(at_once.rows, sequence.one_by_one().rows) << "seed " << seed;
        }
    }
    EXPECT_GT(sound, 1'000U);
}

// A row that is missing, or there already, is not met by less because its changes were gathered.
TEST(TableChanges, MeetsTheRowThatIsMissing) {
    const ReplicaTable table = keyed_table();
    TableChanges changes(table);
    const Row row{text("9"), text("x"), text("y")};
    EXPECT_EQ(changes.take(pgoutput::Update{1, std::nullopt, row}), Taken::yes);
    EXPECT_EQ(changes.take(pgoutput::Delete{1, {OldRowKind::key, row}}), Taken::yes);
    EXPECT_EQ(changes.take(pgoutput::Insert{1, row}), Taken::yes);
    Model model;
    model.apply(changes);
    EXPECT_FALSE(model.is_sound);
}

}  // namespace
}  // namespace farshore::secondary
