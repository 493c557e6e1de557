#pragma once
// A request at the socket without its HTTP: what the routes see.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.hpp"

namespace farshore::control {

// Who is at the other end of the socket (SO_PEERCRED).
struct Caller {
    std::uint32_t uid = 0;
};

struct Request {
    std::string method;  // "GET"
    std::string path;    // "/v1/lag"
    std::multimap<std::string, std::string> query;
    std::optional<std::uint64_t> body_size;  // as announced
    Caller caller;

    // The first value; null when the parameter is not there.
    [[nodiscard]] std::optional<std::string> parameter(const std::string& name) const;
    [[nodiscard]] std::vector<std::string> parameters(const std::string& name) const;
    // There, and not "0" or "false".
    [[nodiscard]] bool flag(const std::string& name) const;
};

// The caller has gone, or is too slow: nobody is left to tell.
class LostCaller : public Error {
  public:
    explicit LostCaller(const std::string& why) : Error(ErrorCode::connection_lost, why) {}
};

// The body of a request, read on demand.
class RequestBody {
  public:
    virtual ~RequestBody() = default;
    // Bytes read; 0 at the end. Throws LostCaller.
    [[nodiscard]] virtual std::size_t read(std::span<std::byte> into) = 0;
};

// The way back. Exactly one of send and begin is called for a request. Throws
// LostCaller.
class Reply {
  public:
    virtual ~Reply() = default;
    virtual void send(int status, std::string_view content_type, std::string_view body) = 0;
    // A reply whose lines come one after another.
    virtual void begin(std::string_view content_type) = 0;
    virtual void write(std::string_view line) = 0;
    virtual void end() = 0;
    [[nodiscard]] virtual bool has_begun() const = 0;
};

// Sets path and query from "/v1/put?tree=a&path=b%20c"; false when it does not parse.
[[nodiscard]] bool parse_target(std::string_view target, Request& request);
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace farshore::control
