#include "protocol/sequence_values.hpp"

#include <gtest/gtest.h>

#include "protocol/error.hpp"

namespace farshore {
namespace {

TEST(SequenceValues, AreReadAsTheyWereWritten) {
    const std::vector<SequenceValue> values{{"a.s", -5, true},
                                            {"public.\"S q\"", 9223372036854775807, false}};
    EXPECT_EQ(decode_sequences(encode_sequences(values)), values);
    EXPECT_EQ(encode_sequences({}), "");
    EXPECT_TRUE(decode_sequences("").empty());
}

TEST(SequenceValues, HaveOneForm) {
    const std::string one = encode_sequences({{"b", 1, true}});
    const std::string other = encode_sequences({{"a", 1, true}});
    for (const std::string& bytes :
         {one + other, one + one, one.substr(1), one + "x", encode_sequences({{"", 1, true}}),
          encode_sequences({{std::string(sequence_name_bytes + 1, 'n'), 1, true}})}) {
        EXPECT_THROW((void)decode_sequences(bytes), Error);
    }
}

}  // namespace
}  // namespace farshore
