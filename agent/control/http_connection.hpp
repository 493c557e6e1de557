#pragma once
// HTTP/1.1 on one connection of the control socket: requests in, replies out, one after another.

#include "agent/control/routes.hpp"
#include "agent/control/unix_stream.hpp"
#include "agent/runtime/stop_token.hpp"

namespace farshore::control {

// Serves until the caller goes, asks to close, is silent for a minute, or stop is requested.
// Throws nothing: what goes wrong on a connection ends that connection.
void serve_connection(UnixStream& stream, Routes& routes, const runtime::StopToken& stop);

}  // namespace farshore::control
