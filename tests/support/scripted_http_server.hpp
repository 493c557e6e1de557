#pragma once
// An HTTP server that plays a script: it expects these requests in this order and gives these
// answers. For what real servers do too seldom to wait for. One request a connection.

#include <future>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace farshore::test {

struct ReceivedRequest {
    std::string method;
    std::string target;                                        // path and query, as sent
    std::vector<std::pair<std::string, std::string>> headers;  // as sent, in order
    std::string body;

    // Empty when there is none; names in any case.
    [[nodiscard]] std::string header(std::string_view name) const;
};

struct ScriptedStep {
    std::string method;
    std::string target;  // the beginning of what is expected
    std::string answer;  // the bytes to send; none: the connection is closed without an answer
    bool hang = false;   // afterwards the connection stays open until the client closes it
};

// Status line, the given header lines ("etag: \"x\""), Content-Length and Connection: close, body.
[[nodiscard]] std::string http_answer(int status, const std::vector<std::string>& headers,
                                      std::string_view body);

class ScriptedHttpServer {
  public:
    explicit ScriptedHttpServer(std::vector<ScriptedStep> steps);
    ~ScriptedHttpServer();
    ScriptedHttpServer(const ScriptedHttpServer&) = delete;
    ScriptedHttpServer& operator=(const ScriptedHttpServer&) = delete;

    [[nodiscard]] int port() const { return port_; }
    [[nodiscard]] std::string endpoint() const;

    // Ends the server. Returns what was not as the script says, one line each; empty: all was.
    [[nodiscard]] std::string finish();
    // Returns when the first request has come.
    void wait_for_request();

    // After finish().
    [[nodiscard]] const std::vector<ReceivedRequest>& requests() const { return requests_; }

  private:
    void serve();
    void play(int connection);

    std::vector<ScriptedStep> steps_;
    int listener_ = -1;
    int port_ = 0;
    std::vector<ReceivedRequest> requests_;
    std::string faults_;
    std::promise<void> came_;
    std::thread thread_;
};

}  // namespace farshore::test
