#include "tests/support/scripted_http_server.hpp"

#include <arpa/inet.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>

namespace farshore::test {

namespace {

// Reads until `text` holds at least `count` bytes; false when the other side ends before.
bool read_at_least(int connection, std::string& text, std::size_t count) {
    std::array<char, 16384> buffer{};
    while (text.size() < count) {
        const ssize_t got = recv(connection, buffer.data(), buffer.size(), 0);
        if (got <= 0) {
            return false;
        }
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return true;
}

void parse_head(std::string_view head, ReceivedRequest& request) {
    std::size_t end = head.find("\r\n");
    const std::string_view first = head.substr(0, end);
    const std::size_t blank = first.find(' ');
    request.method = first.substr(0, blank);
    request.target = first.substr(blank + 1, first.rfind(' ') - blank - 1);
    while (end != std::string_view::npos && end + 2 < head.size()) {
        head.remove_prefix(end + 2);
        end = head.find("\r\n");
        const std::string_view line = head.substr(0, end);
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos) {
            const std::size_t value = line.find_first_not_of(' ', colon + 1);
            request.headers.emplace_back(line.substr(0, colon),
                                         line.substr(std::min(value, line.size())));
        }
    }
}

std::optional<ReceivedRequest> read_request(int connection) {
    std::string text;
    std::size_t head_end = std::string::npos;
    while ((head_end = text.find("\r\n\r\n")) == std::string::npos) {
        if (!read_at_least(connection, text, text.size() + 1)) {
            return std::nullopt;
        }
    }
    ReceivedRequest request;
    parse_head(std::string_view(text).substr(0, head_end), request);
    const std::string length = request.header("content-length");
    const std::size_t body = length.empty() ? 0 : std::stoul(length);
    if (!read_at_least(connection, text, head_end + 4 + body)) {
        return std::nullopt;
    }
    request.body = text.substr(head_end + 4);
    return request;
}

void send_all(int connection, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) {
            return;
        }
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

}  // namespace

std::string ReceivedRequest::header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
        if (key.size() == name.size() && strncasecmp(key.data(), name.data(), name.size()) == 0) {
            return value;
        }
    }
    return {};
}

std::string http_answer(int status, const std::vector<std::string>& headers,
                        std::string_view body) {
    std::string out = "HTTP/1.1 " + std::to_string(status) + " Said\r\n";
    for (const std::string& header : headers) {
        out += header + "\r\n";
    }
    out += "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n";
    return out + std::string(body);
}

ScriptedHttpServer::ScriptedHttpServer(std::vector<ScriptedStep> steps)
    : steps_(std::move(steps)), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(listener_, generic, size) != 0 || listen(listener_, 16) != 0 ||
        getsockname(listener_, generic, &size) != 0) {
        throw std::runtime_error("cannot listen on loopback");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
}

ScriptedHttpServer::~ScriptedHttpServer() {
    static_cast<void>(finish());
    close(listener_);
}

std::string ScriptedHttpServer::endpoint() const {
    return "http://127.0.0.1:" + std::to_string(port_);
}

std::string ScriptedHttpServer::finish() {
    if (thread_.joinable()) {
        shutdown(listener_, SHUT_RDWR);  // ends accept()
        thread_.join();
        for (std::size_t i = requests_.size(); i < steps_.size(); ++i) {
            faults_ += "never came: " + steps_[i].method + " " + steps_[i].target + "\n";
        }
    }
    return faults_;
}

void ScriptedHttpServer::wait_for_request() {
    came_.get_future().wait();
}

void ScriptedHttpServer::serve() {
    while (true) {
        const int connection = accept(listener_, nullptr, nullptr);
        if (connection < 0) {
            return;
        }
        play(connection);
        close(connection);
    }
}

void ScriptedHttpServer::play(int connection) {
    std::optional<ReceivedRequest> request = read_request(connection);
    if (!request) {
        faults_ += "a request that does not end\n";
        return;
    }
    const std::string said = request->method + " " + request->target;
    const std::size_t index = requests_.size();
    requests_.push_back(*std::move(request));
    if (index == 0) {
        came_.set_value();
    }
    if (index >= steps_.size()) {
        faults_ += "unexpected: " + said + "\n";
        return;
    }
    const ScriptedStep& step = steps_[index];
    if (!said.starts_with(step.method + " " + step.target)) {
        faults_ += "expected " + step.method + " " + step.target + ", came " + said + "\n";
        return;
    }
    send_all(connection, step.answer);
    std::string rest;
    while (step.hang && read_at_least(connection, rest, rest.size() + 1)) {
    }
}

}  // namespace farshore::test
