#include "protocol/json.hpp"

#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstring>
#include <random>

namespace farshore {
namespace {

std::string number_of_bits(std::uint64_t bits) {
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    std::string out;
    append_json_number(out, value);
    return out;
}

std::string canonical(std::string_view text) {
    const Result<boost::json::value> value = parse_json(text, limits::mib);
    return value ? to_canonical_json(value.value()) : value.error().message();
}

// RFC 8785, appendix B.
TEST(Json, WritesNumbersAsEcmaScript) {
    const std::pair<std::uint64_t, const char*> examples[] = {
        {0x0000000000000000, "0"},
        {0x8000000000000000, "0"},
        {0x0000000000000001, "5e-324"},
        {0x8000000000000001, "-5e-324"},
        {0x7fefffffffffffff, "1.7976931348623157e+308"},
        {0xffefffffffffffff, "-1.7976931348623157e+308"},
        {0x4340000000000000, "9007199254740992"},
        {0xc340000000000000, "-9007199254740992"},
        {0x4430000000000000, "295147905179352830000"},
        {0x44b52d02c7e14af5, "9.999999999999997e+22"},
        {0x44b52d02c7e14af6, "1e+23"},
        {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
        {0x444b1ae4d6e2ef4e, "999999999999999700000"},
        {0x444b1ae4d6e2ef4f, "999999999999999900000"},
        {0x444b1ae4d6e2ef50, "1e+21"},
        {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
        {0x3eb0c6f7a0b5ed8d, "0.000001"},
        {0x41b3de4355555553, "333333333.3333332"},
        {0x41b3de4355555554, "333333333.33333325"},
        {0x41b3de4355555555, "333333333.3333333"},
        {0x41b3de4355555556, "333333333.3333334"},
        {0x41b3de4355555557, "333333333.33333343"},
        {0xbecbf647612f3696, "-0.0000033333333333333333"},
        {0x43143ff3c1cb0959, "1424953923781206.2"},
    };
    for (const auto& [bits, text] : examples) {
        EXPECT_EQ(number_of_bits(bits), text);
    }
}

TEST(Json, ReadsBackEveryNumberThatItWrites) {
    std::mt19937_64 random(4);
    for (int i = 0; i < 20'000; ++i) {
        const std::uint64_t bits = random();
        if ((bits >> 52 & 0x7ffU) == 0x7ffU) {
            continue;  // infinite, or not a number
        }
        const std::string text = number_of_bits(bits);
        ASSERT_EQ(canonical(text), text);
    }
}

// RFC 8785, section 3.2.3.
TEST(Json, SortsMembersByUtf16) {
    EXPECT_EQ(canonical(R"({"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter",)"
                        R"("1":"One","\ud83d\ude00":"Emoji","\u0080":"Control","\u00f6":"o"})"),
              "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
              "\"\xc3\xb6\":\"o\",\"\xe2\x82\xac\":\"Euro Sign\","
              "\"\xf0\x9f\x98\x80\":\"Emoji\",\"\xef\xac\xb3\":\"Hebrew Letter\"}");
}

std::u16string utf16_of(std::string_view text) {
    std::u16string units;
    for (std::size_t i = 0; i < text.size();) {
        const auto at = [&](std::size_t k) {
            return static_cast<unsigned>(static_cast<unsigned char>(text[i + k]));
        };
        if (at(0) < 0x80) {
            units.push_back(static_cast<char16_t>(at(0)));
            i += 1;
        } else if (at(0) < 0xe0) {
            units.push_back(static_cast<char16_t>((at(0) & 31U) << 6 | (at(1) & 63U)));
            i += 2;
        } else if (at(0) < 0xf0) {
            units.push_back(
                static_cast<char16_t>((at(0) & 15U) << 12 | (at(1) & 63U) << 6 | (at(2) & 63U)));
            i += 3;
        } else {
            const unsigned point =
                ((at(0) & 7U) << 18 | (at(1) & 63U) << 12 | (at(2) & 63U) << 6 | (at(3) & 63U)) -
                0x10000;
            units.push_back(static_cast<char16_t>(0xd800 + (point >> 10)));
            units.push_back(static_cast<char16_t>(0xdc00 + (point & 0x3ff)));
            i += 4;
        }
    }
    return units;
}

TEST(Json, OrderIsThatOfTheUtf16Units) {
    const std::vector<std::string> pieces{"",
                                          "a",
                                          "b",
                                          "\x7f",
                                          "\xc2\x80",
                                          "\xdf\xbf",
                                          "\xe0\xa0\x80",
                                          "\xed\x9f\xbf",
                                          "\xee\x80\x80",
                                          "\xef\xbf\xbf",
                                          "\xf0\x90\x80\x80",
                                          "\xf4\x8f\xbf\xbf"};
    std::vector<std::string> texts;
    for (const std::string& a : pieces) {
        for (const std::string& b : pieces) {
            texts.push_back(a + b);
        }
    }
    for (const std::string& a : texts) {
        for (const std::string& b : texts) {
            ASSERT_EQ(comes_before_in_utf16(a, b), utf16_of(a) < utf16_of(b)) << a << " " << b;
        }
    }
}

TEST(Json, EscapesOnlyWhatMustBe) {
    std::string out;
    append_json_string(out, std::string_view("\0\x01\b\t\n\f\r\x1f\"\\/\x7f\xe2\x82\xac", 15));
    EXPECT_EQ(out, "\"\\u0000\\u0001\\b\\t\\n\\f\\r\\u001f\\\"\\\\/\x7f\xe2\x82\xac\"");
}

TEST(Json, WritesGreatIntegersAsDecimalStrings) {
    std::string out;
    append_json_integer(out, greatest_json_integer);
    append_json_integer(out, greatest_json_integer + 1);
    EXPECT_EQ(out, "9007199254740991\"9007199254740992\"");
    EXPECT_EQ(to_canonical_json(json_integer(UINT64_MAX)), "\"18446744073709551615\"");
}

TEST(Json, RefusesWhatIsNotStrict) {
    const std::pair<std::string, const char*> examples[] = {
        {"", "incomplete"},
        {"{", "incomplete"},
        {"[1] x", "extra data"},
        {R"({"a":1,"a":1})", "a second member \"a\""},
        {R"({"x":{"a":1,"\u0061":2}})", "a second member \"a\""},
        {R"("\ud800")", ""},
        {R"("\udc00\ud800")", ""},
        {"\"\xff\"", ""},
        {"\"\xc0\x80\"", ""},
        {"\"\xed\xa0\x80\"", ""},
        {"\"a\nb\"", ""},
        {"[1,]", ""},
        {"01", ""},
        {"+1", ""},
        {".5", ""},
        {"NaN", ""},
        {"1e999", "double"},
        {"// x\n1", ""},
        {"'a'", ""},
        {std::string(40, '[') + std::string(40, ']'), "too deep"},
        {std::string("\"a\0", 3), ""},
    };
    for (const auto& [text, why] : examples) {
        const Result<boost::json::value> value = parse_json(text, 1'000);
        ASSERT_FALSE(value.ok()) << text;
        EXPECT_EQ(value.error().code(), ErrorCode::malformed);
        EXPECT_NE(value.error().message().find(why), std::string::npos) << value.error().message();
    }
}

TEST(Json, HoldsTheLimitsOfSizeAndDepth) {
    EXPECT_EQ(parse_json("[1,2]", 4).error().code(), ErrorCode::too_large);
    EXPECT_TRUE(parse_json("[[[1]]]", 100, 3).ok());
    EXPECT_FALSE(parse_json("[[[[1]]]]", 100, 3).ok());
    const std::string bomb(1'000'000, '[');
    EXPECT_FALSE(parse_json(bomb, limits::mib).ok());
}

TEST(Json, EverythingThatIsReadCanBeWritten) {
    EXPECT_EQ(canonical("18446744073709551615"), "18446744073709552000");
    EXPECT_EQ(canonical("-9223372036854775808"), "-9223372036854776000");
    EXPECT_EQ(canonical("99999999999999999999999"), "1e+23");
    EXPECT_EQ(canonical("[1.0, -0, 1E2, true, null ]"), "[1,0,100,true,null]");
}

boost::json::value random_value(std::mt19937& random, int depth) {
    switch (random() % (depth > 0 ? 7 : 5)) {
        case 0:
            return nullptr;
        case 1:
            return random() % 2 == 0;
        case 2:
            return static_cast<std::int64_t>(random()) - 1'000'000;
        case 3:
            return static_cast<double>(random()) / 1000.0;
        case 4:
            return boost::json::string(random() % 20, static_cast<char>(random() % 128));
        case 5: {
            boost::json::array array;
            for (unsigned i = 0; i < random() % 5; ++i) {
                array.push_back(random_value(random, depth - 1));
            }
            return array;
        }
        default: {
            boost::json::object object;
            for (unsigned i = 0; i < random() % 5; ++i) {
                object[std::string(1 + random() % 3, static_cast<char>(random() % 128))] =
                    random_value(random, depth - 1);
            }
            return object;
        }
    }
}

TEST(Json, CanonicalTextIsAFixedPoint) {
    std::mt19937 random(5);
    for (int i = 0; i < 2'000; ++i) {
        const std::string text = to_canonical_json(random_value(random, 5));
        ASSERT_EQ(canonical(text), text);
    }
}

// A value of two bytes takes ten times as much in memory.
TEST(Json, MoreValuesThanAnybodyWritesAreRefused) {
    std::string text = "[0";
    for (std::size_t i = 0; i < limits::json_values; ++i) {
        text += ",0";
    }
    text += "]";
    EXPECT_FALSE(parse_json(text, limits::evidence_object));
    EXPECT_TRUE(parse_json("[" + text.substr(5), limits::evidence_object));
}

}  // namespace
}  // namespace farshore
