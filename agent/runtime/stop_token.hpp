#pragma once
// How a task learns that it shall end. The standard's own: condition_variable_any and
// std::stop_callback wait on it without polling.

#include <stop_token>

namespace farshore::runtime {

using StopToken = std::stop_token;
using StopSource = std::stop_source;

}  // namespace farshore::runtime
