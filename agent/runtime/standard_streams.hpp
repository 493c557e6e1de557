#pragma once
// The three descriptors that every process counts on.

namespace farshore::runtime {

// Whoever started us may have closed 0, 1 or 2. The next file that is opened would get that number,
// and a log line would be written into a replica's file or a socket. Takes the free numbers, so
// that reading and writing results fail as before and messages go nowhere. First thing in main.
void occupy_standard_streams();

}  // namespace farshore::runtime
