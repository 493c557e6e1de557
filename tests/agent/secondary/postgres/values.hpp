#pragma once
// Values as pgoutput sends them.

#include <string_view>

#include "protocol/pgoutput.hpp"

namespace farshore::test {

inline pgoutput::Value text(std::string_view bytes) {
    return {pgoutput::ValueKind::text, bytes};
}

}  // namespace farshore::test
