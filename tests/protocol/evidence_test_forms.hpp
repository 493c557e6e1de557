#pragma once
// What every reader of a payload must refuse.

#include <gtest/gtest.h>

#include <string>

#include "protocol/error.hpp"

namespace farshore::test {

// Each member of a sound payload, left out, doubled or of another type, and a foreign one.
template <typename Parse>
void expect_strict(const std::string& sound, const std::string& members, const Parse& parse) {
    ASSERT_TRUE(parse(sound).ok()) << parse(sound).error().message();
    std::string foreign = sound;
    foreign.insert(1, "\"foreign\":1,");
    EXPECT_FALSE(parse(foreign).ok()) << foreign;
    EXPECT_FALSE(parse("[" + sound + "]").ok());
    EXPECT_FALSE(parse(sound + sound).ok());
    EXPECT_FALSE(parse("").ok());
    EXPECT_FALSE(parse(std::string(100'000, '[')).ok());
    for (std::size_t begin = 0; begin < members.size();) {
        const std::size_t end = std::min(members.find(' ', begin), members.size());
        const std::string name = "\"" + members.substr(begin, end - begin) + "\":";
        begin = end + 1;
        const std::size_t at = sound.find(name);
        ASSERT_NE(at, std::string::npos) << name;
        std::string renamed = sound;
        renamed.replace(at, name.size(), "\"x\":");
        EXPECT_FALSE(parse(renamed).ok()) << renamed;
        std::string doubled = sound;
        doubled.insert(at, name + "1,");
        EXPECT_FALSE(parse(doubled).ok()) << doubled;
        std::string retyped = sound;
        retyped.insert(at + name.size(), "{\"a\":1},\"y\":");
        EXPECT_FALSE(parse(retyped).ok()) << retyped;
    }
    for (std::size_t length = 0; length < sound.size(); ++length) {
        ASSERT_FALSE(parse(sound.substr(0, length)).ok()) << length;
    }
}

}  // namespace farshore::test
