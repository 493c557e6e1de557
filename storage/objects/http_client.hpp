#pragma once
// HTTP for the store: one request in, one answer out. Connections are kept and used again.
//
// Sends exactly what it is given: the path as it is, no header of its own but Host and
// Content-Length, no redirect followed (a signature is bound to its host). http:// and https://
// only; https checks the server's certificate and name. A proxy is taken from the environment
// (https_proxy, no_proxy), as every tool does.

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/error.hpp"
#include "protocol/time.hpp"

namespace farshore::storage {

struct HttpRequest {
    std::string method;  // GET, HEAD or PUT
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string_view body;             // PUT only
    std::size_t answer_limit_bytes{};  // of the answer's body; the rest is not read
    Duration deadline = Duration::from_ms(30'000);
    bool direct = false;  // past every proxy: for addresses that only this host can reach
};

struct HttpAnswer {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
    std::string body;
    bool cut_off = false;  // the body was longer than the limit

    // The first header of that name; empty when there is none.
    [[nodiscard]] std::string_view header(std::string_view name) const;
};

class HttpClient {
  public:
    // ca: a PEM file that replaces the system's certificate authorities; empty for those.
    explicit HttpClient(std::string ca);
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    // Error values: store_unavailable when no whole answer came (name, connection, deadline, a body
    // that ends early), store_refused when the server can't be trusted (certificate, CA file).
    // cancelled: interrupt() was called. After an error of a PUT the server may have done it. Safe
    // from several threads.
    [[nodiscard]] Result<HttpAnswer> perform(const HttpRequest& request);

    // Ends running requests within about a second, and every later one at once.
    void interrupt() { interrupted_ = true; }

  private:
    class Connections;
    std::string ca_;
    std::atomic<bool> interrupted_ = false;
    std::unique_ptr<Connections> connections_;
};

}  // namespace farshore::storage
