#pragma once
// Named points around durable steps, at which a test may end the process as a power cut would.
// Inert unless the environment names one (FARSHORE_CRASH_POINT) and the build has them
// (meson option crash_points; packages are built without).

namespace farshore::storage {

// Ends the process with SIGKILL when FARSHORE_CRASH_POINT is `name`.
void crash_point(const char* name);

}  // namespace farshore::storage
