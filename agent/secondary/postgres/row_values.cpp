#include "agent/secondary/postgres/row_values.hpp"

namespace farshore::secondary {

void RowValues::add(const pgoutput::Value& value) {
    switch (value.kind) {
        case pgoutput::ValueKind::null:
            offsets_.push_back(std::string::npos);
            return;
        case pgoutput::ValueKind::text:
            offsets_.push_back(text_.size());
            text_.append(value.bytes);
            text_.push_back('\0');
            return;
        case pgoutput::ValueKind::unchanged:
        case pgoutput::ValueKind::binary:
        case pgoutput::ValueKind::stored:
            break;
    }
    throw Error(ErrorCode::malformed, "a change has a value without its text");
}

void RowValues::clear() {
    text_.clear();
    offsets_.clear();
}

const std::vector<const char*>& RowValues::pointers() {
    pointers_.clear();
    for (const std::size_t offset : offsets_) {
        pointers_.push_back(offset == std::string::npos ? nullptr : text_.data() + offset);
    }
    return pointers_;
}

}  // namespace farshore::secondary
