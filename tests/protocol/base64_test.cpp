#include "protocol/base64.hpp"

#include <gtest/gtest.h>

#include <random>

namespace farshore {
namespace {

TEST(Base64, HasTheExamplesOfRfc4648) {
    const std::pair<const char*, const char*> examples[] = {{"", ""},
                                                            {"f", "Zg=="},
                                                            {"fo", "Zm8="},
                                                            {"foo", "Zm9v"},
                                                            {"foob", "Zm9vYg=="},
                                                            {"fooba", "Zm9vYmE="},
                                                            {"foobar", "Zm9vYmFy"}};
    for (const auto& [bytes, text] : examples) {
        EXPECT_EQ(to_base64(bytes), text);
        EXPECT_EQ(from_base64(text), bytes);
    }
}

TEST(Base64, RoundTripsAnyBytes) {
    std::mt19937 random(3);
    for (std::size_t length = 0; length < 300; ++length) {
        std::string bytes(length, '\0');
        for (char& c : bytes) {
            c = static_cast<char>(random());
        }
        ASSERT_EQ(from_base64(to_base64(bytes)), bytes);
    }
}

TEST(Base64, RefusesEveryOtherText) {
    for (const char* text : {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm9v=", "Zg==Zg==", "====",
                             "Z===", " Zg==", "Zg==\n", "Zm-_", "Zm9\xff"}) {
        EXPECT_FALSE(from_base64(text).has_value()) << text;
    }
    EXPECT_FALSE(from_base64(std::string_view("Zm9\0", 4)).has_value());
}

}  // namespace
}  // namespace farshore
