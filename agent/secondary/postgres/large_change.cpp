#include "agent/secondary/postgres/large_change.hpp"

#include <utility>

#include "protocol/error.hpp"

namespace farshore::secondary {

namespace {

using pgoutput::Value;
using pgoutput::ValueKind;

constexpr std::size_t most_columns = 1664;  // PostgreSQL's own limit

[[noreturn]] void malformed(const std::string& what) {
    throw Error(ErrorCode::malformed, "a large change from PostgreSQL does not parse: " + what);
}

}  // namespace

LargeChange::LargeChange(NextBytes next, LargeValueSink& sink)
    : next_(std::move(next)), sink_(sink) {
    const char kind = tag();
    const std::uint32_t relation = integer(4);
    if (kind == 'I') {
        require_tag('N');
        pgoutput::Insert insert;
        insert.relation = relation;
        insert.row = read_row();
        message_ = std::move(insert);
    } else if (kind == 'U') {
        pgoutput::Update update = read_update();
        update.relation = relation;
        message_ = std::move(update);
    } else if (kind == 'D') {
        pgoutput::Delete removal;
        removal.relation = relation;
        removal.old = read_old_row(tag());
        message_ = std::move(removal);
    } else {
        malformed("only rows may be so large");
    }
    if (!unread_.empty() || !next_().empty()) {
        malformed("it goes on behind its end");
    }
}

std::uint32_t LargeChange::relation_of(std::string_view first) {
    if (first.size() < 5) {
        malformed("its first piece is too short");
    }
    std::uint32_t relation = 0;
    for (const char byte : first.substr(1, 4)) {
        relation = (relation << 8U) | static_cast<unsigned char>(byte);
    }
    return relation;
}

pgoutput::Update LargeChange::read_update() {
    pgoutput::Update update;
    const char kind = tag();
    if (kind != 'N') {
        update.old = read_old_row(kind);
        require_tag('N');
    }
    update.row = read_row();
    if (update.old && update.old->row.size() != update.row.size()) {
        malformed("an update whose rows differ in their columns");
    }
    return update;
}

pgoutput::OldRow LargeChange::read_old_row(char kind) {
    if (kind != 'K' && kind != 'O') {
        malformed("an old row of an unknown kind");
    }
    pgoutput::OldRow old;
    old.kind = static_cast<pgoutput::OldRowKind>(kind);
    old.row = read_row();
    return old;
}

pgoutput::Row LargeChange::read_row() {
    const std::uint32_t columns = integer(2);
    if (columns > most_columns) {
        malformed("it has more columns than a table may have");
    }
    pgoutput::Row row;
    row.reserve(columns);
    for (std::uint32_t i = 0; i < columns; ++i) {
        row.push_back(read_value());
    }
    return row;
}

Value LargeChange::read_value() {
    Value value;
    value.kind = static_cast<ValueKind>(tag());
    if (value.kind == ValueKind::null || value.kind == ValueKind::unchanged) {
        return value;
    }
    if (value.kind != ValueKind::text) {
        malformed("a value of an unknown kind");
    }
    std::size_t missing = integer(4);
    const bool is_kept = missing <= kept_bytes;
    std::string text;
    if (!is_kept) {
        sink_.begin(++stored_, missing);
    }
    while (missing > 0) {
        const std::string_view bytes = some(missing);
        missing -= bytes.size();
        if (is_kept) {
            text.append(bytes);
        } else {
            sink_.add(bytes);
        }
    }
    if (!is_kept) {
        value.kind = ValueKind::stored;
        text = std::to_string(stored_);
    }
    value.bytes = keep(std::move(text));
    return value;
}

std::string_view LargeChange::keep(std::string text) {
    kept_.push_back(std::move(text));
    return kept_.back();
}

std::string_view LargeChange::some(std::size_t most) {
    if (unread_.empty()) {
        unread_ = next_();
    }
    if (unread_.empty()) {
        malformed("it ends early");
    }
    const std::string_view bytes = unread_.substr(0, most);
    unread_.remove_prefix(bytes.size());
    return bytes;
}

std::uint32_t LargeChange::integer(std::size_t bytes) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) {
        value = (value << 8U) | static_cast<unsigned char>(some(1).front());
    }
    return value;
}

void LargeChange::require_tag(char wanted) {
    if (tag() != wanted) {
        malformed("a row where another kind of row belongs");
    }
}

}  // namespace farshore::secondary
