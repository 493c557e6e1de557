#include "storage/objects/object_store.hpp"

#include <gtest/gtest.h>

namespace farshore::storage {
namespace {

TEST(ObjectKeyRule, KeysThatEveryStoreHolds) {
    for (const std::string& key :
         {std::string("a"), std::string("a/b/c"), std::string("..."), std::string(".hidden/x"),
          std::string("with space"), std::string("\u00fc"), std::string("\u20ac"),
          std::string("\U0001F6F6"), std::string(255, 'x'), std::string("\xED\x9F\xBF"),
          std::string(200, 'x') + "/" + std::string(200, 'y')}) {
        EXPECT_TRUE(is_valid_object_key(key)) << key;
    }
}

TEST(ObjectKeyRule, KeysThatSomeStoreCanNotHold) {
    const std::string long_key = std::string(250, 'a') + "/" + std::string(250, 'b') + "/" +
                                 std::string(250, 'c') + "/" + std::string(250, 'd') + "/" +
                                 std::string(25, 'e');
    for (const std::string& key :
         {std::string(), std::string("/"), std::string("/a"), std::string("a/"),
          std::string("a//b"), std::string("."), std::string(".."), std::string("a/../b"),
          std::string("a\nb"), std::string("a\0b", 3), std::string("\x7F"), std::string(256, 'x'),
          long_key, std::string(".farshore-unfinished-0-0"),
          std::string("a/.farshore-unfinished-0-0")}) {
        EXPECT_FALSE(is_valid_object_key(key)) << key;
    }
}

TEST(ObjectKeyRule, OnlyUtf8) {
    for (const char* key :
         {"\x80", "\xC0\xAF", "\xC1\x81", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80", "\xE2\x82",
          "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF8\x88\x80\x80", "\xE2\x28\xA1"}) {
        EXPECT_FALSE(is_valid_object_key(key));
    }
}

TEST(ObjectKeyRule, ARefusalNamesTheKey) {
    try {
        require_valid_object_key("a//b");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::bad_name);
        EXPECT_NE(error.message().find("\"a//b\""), std::string::npos);
    }
}

}  // namespace
}  // namespace farshore::storage
