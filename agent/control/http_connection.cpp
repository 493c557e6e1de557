// Beast's templates are slow to compile: they stay in this file (and control_client.cpp).
#include "agent/control/http_connection.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <exception>

#include "agent/control/json_text.hpp"
#include "agent/runtime/log.hpp"

namespace farshore::control {

namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr std::size_t header_limit_bytes = 16UL * 1'024;
const Duration idle_limit = Duration::from_ms(60'000);   // between two requests
const Duration stall_limit = Duration::from_ms(20'000);  // within a request or a reply

using Parser = http::request_parser<http::buffer_body>;

[[noreturn]] void lost(const error_code& error) {
    throw LostCaller("the caller at the socket has gone: " + error.message());
}

class HttpBody final : public RequestBody {
  public:
    HttpBody(UnixStream& stream, boost::beast::flat_buffer& buffer, Parser& parser)
        : stream_(stream), buffer_(buffer), parser_(parser) {}

    std::size_t read(std::span<std::byte> into) override {
        if (expects_continue_) {
            tell_to_continue();
        }
        if (parser_.is_done()) {
            return 0;
        }
        parser_.get().body().data = into.data();
        parser_.get().body().size = into.size();
        error_code error;
        http::read(stream_, buffer_, parser_, error);
        if (error && error != http::error::need_buffer) {
            lost(error);
        }
        return into.size() - parser_.get().body().size;
    }

    void expect_continue() { expects_continue_ = true; }

  private:
    void tell_to_continue() {
        expects_continue_ = false;
        http::response<http::empty_body> answer(http::status::continue_, 11);
        error_code error;
        http::write(stream_, answer, error);
        if (error) {
            lost(error);
        }
    }

    UnixStream& stream_;
    boost::beast::flat_buffer& buffer_;
    Parser& parser_;
    bool expects_continue_ = false;
};

class HttpReply final : public Reply {
  public:
    HttpReply(UnixStream& stream, unsigned version, bool keep_alive)
        : stream_(stream), version_(version), keep_alive_(keep_alive) {}

    void send(int status, std::string_view content_type, std::string_view body) override {
        FARSHORE_ASSERT(!begun_);
        begun_ = true;
        http::response<http::string_body> answer(static_cast<http::status>(status), version_);
        answer.set(http::field::content_type, content_type);
        answer.keep_alive(keep_alive_);
        answer.body() = body;
        answer.prepare_payload();
        error_code error;
        http::write(stream_, answer, error);
        check(error);
    }

    void begin(std::string_view content_type) override {
        FARSHORE_ASSERT(!begun_);
        begun_ = true;
        http::response<http::empty_body> answer(http::status::ok, version_);
        answer.set(http::field::content_type, content_type);
        chunked_ = version_ >= 11;
        answer.keep_alive(keep_alive_ && chunked_);
        if (chunked_) {
            answer.chunked(true);
        }
        error_code error;
        http::response_serializer<http::empty_body> serializer(answer);
        http::write_header(stream_, serializer, error);
        check(error);
    }

    void write(std::string_view line) override {
        const boost::asio::const_buffer content(line.data(), line.size());
        error_code error;
        if (chunked_) {
            boost::asio::write(stream_, http::make_chunk(content), error);
        } else {
            boost::asio::write(stream_, content, error);
        }
        check(error);
    }

    void end() override {
        if (chunked_) {
            error_code error;
            boost::asio::write(stream_, http::make_chunk_last(), error);
            check(error);
        }
        ended_plainly_ = !chunked_;
    }

    [[nodiscard]] bool has_begun() const override { return begun_; }
    // The end of a reply without chunks is the end of the connection.
    [[nodiscard]] bool must_close() const { return ended_plainly_ || !keep_alive_; }

  private:
    static void check(const error_code& error) {
        if (error) {
            lost(error);
        }
    }

    UnixStream& stream_;
    unsigned version_;
    bool keep_alive_;
    bool begun_ = false;
    bool chunked_ = false;
    bool ended_plainly_ = false;
};

void send_malformed(UnixStream& stream, const std::string& message) {
    const Error error(ErrorCode::malformed, message);
    HttpReply(stream, 11, false).send(400, "application/json", json_text(error_json(error)) + "\n");
}

// False: the connection is over.
bool serve_request(UnixStream& stream, boost::beast::flat_buffer& buffer, Routes& routes,
                   const runtime::StopToken& stop) {
    Parser parser;
    parser.header_limit(header_limit_bytes);
    parser.body_limit(boost::none);  // a put has any size; only its route reads a body
    stream.set_timeout(idle_limit);
    error_code error;
    http::read_header(stream, buffer, parser, error);
    stream.set_timeout(stall_limit);
    if (error) {
        if (error.category() == http::make_error_code(http::error::bad_method).category() &&
            error != http::error::end_of_stream && error != http::error::partial_message) {
            send_malformed(stream, "not an HTTP request: " + error.message());
        }
        return false;
    }
    const auto& head = parser.get();
    Request request;
    request.method = head.method_string();
    request.caller.uid = stream.peer_uid();
    if (const auto size = parser.content_length()) {
        request.body_size = *size;
    }
    HttpBody body(stream, buffer, parser);
    if (boost::beast::iequals(head[http::field::expect], "100-continue")) {
        body.expect_continue();
    }
    const std::string target(head.target());
    if (!parse_target(target, request)) {
        send_malformed(stream, "the request's target does not parse: " + target);
        return false;
    }
    HttpReply reply(stream, head.version(), head.keep_alive() && !stop.stop_requested());
    routes.handle(request, body, reply, stop);
    return !reply.must_close() && parser.is_done();
}

}  // namespace

void serve_connection(UnixStream& stream, Routes& routes, const runtime::StopToken& stop) {
    boost::beast::flat_buffer buffer(header_limit_bytes + 64UL * 1'024);
    try {
        while (!stop.stop_requested() && serve_request(stream, buffer, routes, stop)) {
        }
    } catch (const LostCaller& gone) {
        log::debug("control socket: {}", gone.message());
    } catch (const std::exception& failure) {
        log::error("control socket: {}", failure.what());
    }
}

}  // namespace farshore::control
