#pragma once
// Where captured content goes: to the bulk lanes of whoever is connected.

#include <cstdint>
#include <string_view>

#include "protocol/digest.hpp"
#include "protocol/identifiers.hpp"

namespace farshore::primary {

// Content is pushed before it is asked for, and named by its SHA-256. Nothing is lost when some of
// it is dropped on the way: a secondary asks for what it lacks (TreeSource::read_wanted). So
// whole() need not wait for a slow peer, and must not: it is called while a cut is taken. The
// others are called by threads that may wait. An Error thrown by any of them means: no use to go
// on pushing this content. Every call is thread-safe; the calls for one transfer come from one
// thread, in order, and end with end() or abort().
class ContentSink {
  public:
    virtual ~ContentSink() = default;

    // False: nobody would get it, so nothing need be pushed.
    [[nodiscard]] virtual bool is_connected() = 0;
    virtual void whole(const SourceName& tree, const Digest& sha256, std::string_view content) = 0;
    // The number names the transfer in the other calls.
    [[nodiscard]] virtual std::uint64_t begin(const SourceName& tree,
                                              std::uint64_t expected_size) = 0;
    // 1 to limits::payload_piece bytes.
    virtual void data(std::uint64_t transfer, std::string_view content) = 0;
    virtual void end(std::uint64_t transfer, std::uint64_t size, const Digest& sha256) = 0;
    virtual void abort(std::uint64_t transfer) = 0;
};

}  // namespace farshore::primary
