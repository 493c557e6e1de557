#include "agent/secondary/postgres/table_changes.hpp"

#include <algorithm>
#include <cstring>

#include "agent/secondary/postgres/row_statement.hpp"

namespace farshore::secondary {

namespace {

using pgoutput::Row;
using pgoutput::Value;
using pgoutput::ValueKind;

// What a change costs beside its values.
constexpr std::size_t overhead = 200;

void append(std::string& to, const Value& value) {
    to.push_back(static_cast<char>(value.kind));
    if (value.kind == ValueKind::text || value.kind == ValueKind::binary) {
        const auto length = static_cast<std::uint32_t>(value.bytes.size());
        to.append(reinterpret_cast<const char*>(&length), sizeof(length));
        to.append(value.bytes);
    }
}

// Of a row that was kept, with what a later update left unchanged taken from it.
void merge(Row& kept, const Row& later) {
    for (std::size_t i = 0; i < kept.size(); ++i) {
        if (later[i].kind != ValueKind::unchanged) {
            kept[i] = later[i];
        }
    }
}

}  // namespace

PackedRow::PackedRow(const Row& row) {
    for (const Value& value : row) {
        append(bytes_, value);
    }
}

void PackedRow::unpack(Row& row) const {
    row.clear();
    std::string_view rest = bytes_;
    while (!rest.empty()) {
        Value value;
        value.kind = static_cast<ValueKind>(rest.front());
        rest.remove_prefix(1);
        if (value.kind == ValueKind::text || value.kind == ValueKind::binary) {
            std::uint32_t length = 0;
            std::memcpy(&length, rest.data(), sizeof(length));
            value.bytes = rest.substr(sizeof(length), length);
            rest.remove_prefix(sizeof(length) + length);
        }
        row.push_back(value);
    }
}

TableChanges::TableChanges(const ReplicaTable& table)
    : table_(table), is_searched_by_key_(table.is_found_by_index()) {}

Taken TableChanges::take(const pgoutput::Insert& change) {
    if (change.row.size() != table_.columns.size() || change.row.empty()) {
        return Taken::alone;
    }
    if (!is_searched_by_key_) {
        NetChange& added = changes_.emplace_back();
        added.then = RowDeedKind::insert;
        set_row(added, change.row);
        return Taken::yes;
    }
    if (!find_key(change.row)) {
        return Taken::alone;
    }
    NetChange* found = known();
    if (found != nullptr && found->then != RowDeedKind::nothing) {
        return Taken::contradiction;
    }
    NetChange& target = found != nullptr ? *found : add();
    target.then = RowDeedKind::insert;
    set_row(target, change.row);
    return Taken::yes;
}

Taken TableChanges::take(const pgoutput::Update& change) {
    if (!is_searched_by_key_ || change.row.size() != table_.columns.size() ||
        needs_statement_of_its_own(table_, change) ||
        !find_key(change.old ? change.old->row : change.row)) {
        return Taken::alone;
    }
    NetChange* found = known();
    if (found == nullptr) {
        NetChange& added = add();
        added.then = RowDeedKind::update;
        set_row(added, change.row);
        return Taken::yes;
    }
    if (found->then == RowDeedKind::nothing) {
        return Taken::contradiction;
    }
    found->row.unpack(scratch_);
    merge(scratch_, change.row);
    set_row(*found, scratch_);
    return Taken::yes;
}

Taken TableChanges::take(const pgoutput::Delete& change) {
    if (!is_searched_by_key_ || change.old.row.size() != table_.columns.size() ||
        !find_key(change.old.row)) {
        return Taken::alone;
    }
    NetChange* found = known();
    if (found == nullptr) {
        add().removes = true;
        return Taken::yes;
    }
    switch (found->then) {
        case RowDeedKind::nothing:
            return Taken::contradiction;
        case RowDeedKind::update:
            found->removes = true;
            break;
        case RowDeedKind::insert:
            break;
    }
    found->then = RowDeedKind::nothing;
    bytes_ -= found->row.bytes();
    found->row = PackedRow();
    return Taken::yes;
}

bool TableChanges::find_key(const Row& row) {
    key_row_.clear();
    key_.clear();
    for (std::size_t i = 0; i < row.size(); ++i) {
        if (!table_.columns[i].is_key) {
            continue;
        }
        if (row[i].kind != ValueKind::text) {
            return false;
        }
        key_row_.push_back(row[i]);
        append(key_, row[i]);
    }
    return true;
}

NetChange* TableChanges::known() {
    const auto found = by_key_.find(key_);
    return found == by_key_.end() ? nullptr : found->second;
}

NetChange& TableChanges::add() {
    NetChange& added = changes_.emplace_back();
    added.key = PackedRow(key_row_);
    by_key_.emplace(key_, &added);
    bytes_ += overhead + 2 * key_.size();
    return added;
}

void TableChanges::set_row(NetChange& change, const Row& row) {
    PackedRow packed(row);
    bytes_ += packed.bytes() + (is_searched_by_key_ ? 0 : overhead);
    bytes_ -= std::min(bytes_, change.row.bytes());
    change.row = std::move(packed);
}

void TableChanges::clear() {
    by_key_.clear();
    changes_.clear();
    bytes_ = 0;
}

}  // namespace farshore::secondary
