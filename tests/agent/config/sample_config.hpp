#pragma once
// A config that is right, to be spoilt line by line.

#include <gtest/gtest.h>

#include <string>

#include "agent/config/load.hpp"
#include "protocol/error.hpp"

namespace farshore::config {

inline std::string sample_config() {
    return R"(# line 1
[agent]
stream = "shop"
name = "app-east"
role = "primary"
state = "state"
socket = "agent.sock"
listen = "0.0.0.0:7450"

[[peer]]
name = "app-west"
address = "app-west.example.net:7450"

[store]
url = "file:../store"

[[tree]]
name = "uploads"
path = "/srv/app/uploads"
exclude = ["*.tmp", "/cache/"]
delete_guard = "25%"

[[database]]
name = "app"
connection = "service=app"

[replication]
mark_interval = "1s"
bulk_lanes = 3
)";
}

// The sample with `from` replaced; the text must be there.
inline std::string spoilt(const std::string& from, const std::string& to) {
    std::string text = sample_config();
    const auto at = text.find(from);
    return at == std::string::npos ? "" : text.replace(at, from.size(), to);
}

// What is wrong with `text`, or "accepted".
inline std::string complaint(const std::string& text,
                             const std::string& file = "/etc/farshore/farshore.toml") {
    try {
        static_cast<void>(parse(text, file));
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::bad_config);
        return error.message();
    }
    return "accepted";
}

}  // namespace farshore::config
