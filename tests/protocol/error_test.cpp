#include "protocol/error.hpp"

#include <gtest/gtest.h>

#include <set>

namespace farshore {
namespace {

TEST(Error, EveryCodeHasItsRow) {
    std::set<std::string_view> names;
    int codes = 0;
    for (std::uint16_t number = 1; error_code_from_wire(number); ++number) {
        const ErrorCode code = *error_code_from_wire(number);
        const ErrorInfo& info = error_info(code);
        EXPECT_EQ(info.code, code);
        EXPECT_TRUE(names.insert(info.name).second) << info.name;
        EXPECT_TRUE(info.exit_status == 1 || info.exit_status == 2) << info.name;
        // What to do, or that nothing needs doing.
        EXPECT_TRUE(info.hint.ends_with('.')) << info.name;
        ++codes;
    }
    EXPECT_GT(codes, 40);
    EXPECT_FALSE(error_code_from_wire(0).has_value());
    EXPECT_FALSE(error_code_from_wire(60'000).has_value());
}

TEST(Error, SaysWhatItIs) {
    const Error error(ErrorCode::disk_full, "cannot write x: no space left");
    EXPECT_EQ(error.name(), "DISK_FULL");
    EXPECT_EQ(error.action(), Action::retry);
    EXPECT_STREQ(error.what(), "cannot write x: no space left");
}

TEST(Error, AResultIsOneOrTheOther) {
    const Result<int> value = 7;
    EXPECT_TRUE(value.ok());
    EXPECT_EQ(value.value(), 7);
    Result<int> failed = Error(ErrorCode::malformed, "no");
    EXPECT_FALSE(failed);
    EXPECT_EQ(failed.error().code(), ErrorCode::malformed);
    EXPECT_THROW((void)std::move(failed).take(), Error);
    EXPECT_EQ(Result<int>(8).take(), 8);
}

}  // namespace
}  // namespace farshore
