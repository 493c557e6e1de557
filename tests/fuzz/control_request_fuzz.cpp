// The control socket: method, target and body of a request as anybody who may connect can say them.
// Each is answered once, with an error that is one of ours; only root and the agent's own user ever
// get to a changing call.

#include <algorithm>
#include <cstdint>
#include <string>

#include "agent/control/routes.hpp"
#include "tests/agent/control/fake_agent.hpp"

namespace {

using namespace farshore;

constexpr std::uint32_t own_uid = 999;

class TextBody final : public control::RequestBody {
  public:
    explicit TextBody(std::string_view text) : text_(text) {}
    [[nodiscard]] std::size_t read(std::span<std::byte> into) override {
        const std::size_t count = std::min(into.size(), text_.size());
        std::copy_n(reinterpret_cast<const std::byte*>(text_.data()), count, into.begin());
        text_.remove_prefix(count);
        return count;
    }

  private:
    std::string_view text_;
};

class CountingReply final : public control::Reply {
  public:
    void send(int status, std::string_view, std::string_view body) override {
        FARSHORE_ASSERT(answers_ == 0 && status >= 200 && status < 600 && !body.empty());
        ++answers_;
        status_ = status;
    }
    void begin(std::string_view) override {
        FARSHORE_ASSERT(answers_ == 0);
        ++answers_;
    }
    void write(std::string_view line) override { FARSHORE_ASSERT(line.ends_with('\n')); }
    void end() override {}
    [[nodiscard]] bool has_begun() const override { return answers_ > 0; }

    int answers_ = 0;
    int status_ = 200;
};

// "METHOD target\nbody".
control::Request request_of(std::string_view text, bool& parses, std::string_view& body) {
    const std::string_view line = text.substr(0, text.find('\n'));
    body = line.size() == text.size() ? std::string_view() : text.substr(line.size() + 1);
    const std::size_t space = line.find(' ');
    control::Request request;
    request.method = line.substr(0, space);
    parses =
        space != std::string_view::npos && control::parse_target(line.substr(space + 1), request);
    request.body_size = body.size();
    return request;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    bool parses = false;
    std::string_view body_text;
    control::Request request = request_of(text, parses, body_text);
    if (!parses) {
        return 0;
    }
    runtime::StopSource stop;
    stop.request_stop();  // a reply without an end ends at once
    runtime::SystemSleeper sleeper;
    for (const std::uint32_t uid : {own_uid, own_uid + 1}) {
        control::FakeAgent agent;
        control::Routes routes(agent, sleeper, own_uid);
        TextBody body(body_text);
        CountingReply reply;
        request.caller.uid = uid;
        routes.handle(request, body, reply, stop.get_token());
        FARSHORE_ASSERT(reply.answers_ == 1);
        FARSHORE_ASSERT(uid == own_uid || request.method == "GET" || reply.status_ >= 400);
    }
    return 0;
}
