#include "agent/control/control_client.hpp"

#include <fmt/core.h>

#include <array>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "agent/control/json_text.hpp"
#include "agent/control/request.hpp"
#include "agent/control/unix_stream.hpp"
#include "protocol/json.hpp"

namespace farshore::control {

namespace http = boost::beast::http;
namespace json = boost::json;
using boost::system::error_code;

namespace {

constexpr std::size_t answer_limit_bytes = 64U << 20;

std::string target_of(const Call& call) {
    std::string target = call.path;
    char separator = '?';
    for (const auto& [name, value] : call.parameters) {
        target += fmt::format("{}{}={}", separator, percent_encoded(name), percent_encoded(value));
        separator = '&';
    }
    return target;
}

template <typename Body>
http::request<Body> request_of(const Call& call) {
    http::request<Body> request(http::string_to_verb(call.method), target_of(call), 11);
    request.set(http::field::host, "farshore");
    request.keep_alive(false);
    return request;
}

[[noreturn]] void fail(const error_code& error, const std::string& socket) {
    if (error == boost::asio::error::timed_out) {
        throw Error(ErrorCode::timeout, fmt::format("the agent at {} does not answer", socket));
    }
    throw Error(ErrorCode::connection_lost,
                fmt::format("the agent at {} broke off: {}", socket, error.message()));
}

json::value parsed(std::string_view text, const std::string& socket) {
    auto value = parse_json(text, answer_limit_bytes);
    if (!value) {
        throw Error(ErrorCode::malformed, fmt::format("what answers at {} is not an agent: {}",
                                                      socket, value.error().message()));
    }
    return std::move(value).take();
}

json::value read_answer(UnixStream& stream, const std::string& socket) {
    boost::beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(answer_limit_bytes);
    error_code error;
    http::read(stream, buffer, parser, error);
    if (error) {
        fail(error, socket);
    }
    json::value value = parsed(parser.get().body(), socket);
    if (auto answered = error_from_json(value)) {
        throw *answered;
    }
    return value;
}

void send_body(UnixStream& stream, http::request<http::buffer_body>& request,
               const Upload& upload) {
    std::array<std::byte, 128UL * 1'024> buffer;  // NOLINT: filled before it is read
    http::request_serializer<http::buffer_body> serializer(request);
    error_code error;
    http::write_header(stream, serializer, error);
    std::uint64_t sent = 0;
    while (!error || error == http::error::need_buffer) {
        const std::size_t got = upload.read(buffer);
        sent += got;
        if (sent > upload.size || (got == 0 && sent < upload.size)) {
            throw Error(ErrorCode::io, "the file changed its size while it was read");
        }
        request.body().data = got == 0 ? nullptr : buffer.data();
        request.body().size = got;
        request.body().more = got != 0;
        http::write(stream, serializer, error);
        if (got == 0) {
            break;
        }
    }
    // An agent that refused has answered and closed: the answer says more than the broken pipe.
}

// Splits what comes into lines.
class Lines {
  public:
    explicit Lines(std::size_t limit_bytes) : limit_bytes_(limit_bytes) {}

    // Calls `each` with every whole line; false when it did.
    template <typename Each>
    bool add(std::string_view text, Each&& each) {
        rest_ += text;
        std::size_t begin = 0;
        for (auto end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n', begin)) {
            if (!each(std::string_view(rest_).substr(begin, end - begin))) {
                return false;
            }
            begin = end + 1;
        }
        rest_.erase(0, begin);
        if (rest_.size() > limit_bytes_) {
            throw Error(ErrorCode::too_large, "a line of the agent's answer is too long");
        }
        return true;
    }

  private:
    std::size_t limit_bytes_;
    std::string rest_;
};

}  // namespace

json::value ControlClient::call(const Call& call) const {
    UnixStream stream = UnixStream::connect(socket_);
    stream.set_timeout(call.timeout);
    auto request = request_of<http::empty_body>(call);
    request.prepare_payload();
    error_code error;
    http::write(stream, request, error);
    if (error) {
        fail(error, socket_);
    }
    return read_answer(stream, socket_);
}

json::value ControlClient::upload(const Call& call, const Upload& upload) const {
    UnixStream stream = UnixStream::connect(socket_);
    stream.set_timeout(call.timeout);
    auto request = request_of<http::buffer_body>(call);
    request.content_length(upload.size);
    request.body().data = nullptr;
    request.body().more = true;
    send_body(stream, request, upload);
    return read_answer(stream, socket_);
}

void ControlClient::stream(const Call& call,
                           const std::function<bool(const json::value&)>& each) const {
    UnixStream stream = UnixStream::connect(socket_);
    stream.set_timeout(call.timeout);
    auto request = request_of<http::empty_body>(call);
    request.prepare_payload();
    error_code error;
    http::write(stream, request, error);
    if (error) {
        fail(error, socket_);
    }
    boost::beast::flat_buffer buffer;
    http::response_parser<http::buffer_body> parser;
    parser.body_limit(boost::none);
    http::read_header(stream, buffer, parser, error);
    Lines lines(answer_limit_bytes);
    std::array<char, 16UL * 1'024> piece;  // NOLINT: filled before it is read
    while (!error && !parser.is_done()) {
        parser.get().body().data = piece.data();
        parser.get().body().size = piece.size();
        http::read_some(stream, buffer, parser, error);
        if (error == http::error::need_buffer) {
            error = {};
        }
        const std::size_t got = piece.size() - parser.get().body().size;
        const bool go_on = lines.add({piece.data(), got}, [&](std::string_view line) {
            const json::value value = parsed(line, socket_);
            if (auto answered = error_from_json(value)) {
                throw *answered;
            }
            return each(value);
        });
        if (!go_on) {
            return;
        }
    }
    if (error) {
        fail(error, socket_);
    }
}

}  // namespace farshore::control
