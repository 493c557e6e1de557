#pragma once
// What a server sends, message by message and in pieces (PostgreSQL manual, "Frontend/Backend
// Protocol"). libpq would hold each message whole, twice, however large it is.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "agent/postgres/connection.hpp"

struct ssl_st;

namespace farshore::postgres {

struct ServerMessage {
    char type = 0;
    std::size_t bytes = 0;  // of its body

    bool operator==(const ServerMessage&) const = default;
};

// Invariants: from when this is made nothing is said on the connection but through it, and before
// that all of it was answered; at most buffer_bytes are held. Text that it hands out is valid until
// the next call. Not thread-safe; every call throws Error(database_unavailable) when the connection
// is gone.
class MessageReader {
  public:
    static constexpr std::size_t buffer_bytes = 512ULL << 10;

    // Throws Error(database_refused) on a connection that Kerberos encrypts: only libpq can read
    // it.
    explicit MessageReader(Connection& connection);

    void send(char type, std::string_view body);
    // A statement, of which the answer is read by the calls below.
    void send_query(const std::string& sql);

    // The message that follows, but for those that are for nobody (notices, parameters); nullopt
    // when it is not here yet. What was left unread of the one before is passed over. Throws what
    // an error of the server stands for.
    [[nodiscard]] std::optional<ServerMessage> poll();
    // Waits for it.
    [[nodiscard]] ServerMessage next();
    // The next `bytes` of its body, no more than buffer_bytes; nullopt when not all are here yet.
    [[nodiscard]] std::optional<std::string_view> exactly(std::size_t bytes);
    // What is here of the rest of its body; empty when nothing is.
    [[nodiscard]] std::string_view some();
    // All of its body, of a message that is known to be short. Waits for it.
    [[nodiscard]] std::string whole();
    [[nodiscard]] std::size_t unread_bytes() const { return unread_; }  // of its body

  private:
    [[nodiscard]] bool skip();
    [[nodiscard]] bool fill();
    [[nodiscard]] std::size_t at_hand() const { return end_ - begin_; }
    [[nodiscard]] std::string_view take(std::size_t bytes);
    // 0: not now.
    [[nodiscard]] std::size_t read_some(char* to, std::size_t most);
    [[nodiscard]] std::size_t write_some(std::string_view bytes);
    [[noreturn]] void lost(const char* why) const;
    [[noreturn]] void refuse();

    Connection& connection_;
    ssl_st* tls_;  // of libpq's connection
    std::string buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t unread_ = 0;
};

}  // namespace farshore::postgres
