#pragma once
// How a call fails.

#include <gtest/gtest.h>

#include "protocol/error.hpp"

namespace farshore::test {

template <typename Deed>
ErrorCode code_of(Deed&& deed) {
    try {
        deed();
    } catch (const Error& error) {
        return error.code();
    }
    ADD_FAILURE() << "nothing was thrown";
    return ErrorCode::internal;
}

}  // namespace farshore::test
