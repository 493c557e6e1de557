#include "agent/postgres/message_reader.hpp"

#include <libpq-fe.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "agent/postgres/sql_error.hpp"

namespace farshore::postgres {

namespace {

constexpr std::size_t head_bytes = 5;
constexpr std::size_t length_bytes = 4;  // counts itself
constexpr auto poll_interval = Duration::from_ms(1000);
constexpr char error_response = 'E';

std::size_t read_u32(std::string_view bytes) {
    std::size_t value = 0;
    for (const char byte : bytes.substr(0, length_bytes)) {
        value = (value << 8U) | static_cast<unsigned char>(byte);
    }
    return value;
}

bool is_for_nobody(char type) {
    return type == 'N' || type == 'S' || type == 'A';  // notice, parameter, notification
}

// Of the fields of an error: a letter and a text each, which ends with a zero byte.
std::string field_of(std::string_view body, char wanted) {
    while (!body.empty() && body.front() != '\0') {
        const std::size_t end = std::min(body.find('\0'), body.size());
        if (body.front() == wanted) {
            return std::string(body.substr(1, end - 1));
        }
        body.remove_prefix(std::min(end + 1, body.size()));
    }
    return {};
}

}  // namespace

MessageReader::MessageReader(Connection& connection)
    : connection_(connection),
      tls_(static_cast<ssl_st*>(PQsslStruct(connection.raw(), "OpenSSL"))),
      buffer_(buffer_bytes, '\0') {
    if (PQgssEncInUse(connection.raw()) != 0) {
        throw Error(ErrorCode::database_refused,
                    "the connection to the database is encrypted by GSSAPI, which changes are not "
                    "read from: add gssencmode=disable to its conninfo");
    }
}

void MessageReader::send(char type, std::string_view body) {
    std::string message(1, type);
    for (int shift = 24; shift >= 0; shift -= 8) {
        message.push_back(static_cast<char>(((body.size() + length_bytes) >> shift) & 0xffU));
    }
    message.append(body);
    std::string_view rest = message;
    while (!rest.empty()) {
        const std::size_t written = write_some(rest);
        rest.remove_prefix(written);
        if (written == 0) {
            connection_.wait_writable();
        }
    }
}

void MessageReader::send_query(const std::string& sql) {
    std::string body = sql;
    body.push_back('\0');
    send('Q', body);
}

std::optional<ServerMessage> MessageReader::poll() {
    while (true) {
        if (!skip()) {
            return std::nullopt;
        }
        while (at_hand() < head_bytes) {
            if (!fill()) {
                return std::nullopt;
            }
        }
        const std::string_view head = take(head_bytes);
        const std::size_t length = read_u32(head.substr(1));
        if (length < length_bytes) {
            throw Error(ErrorCode::malformed, "the server sent a message without its length");
        }
        unread_ = length - length_bytes;
        if (head.front() == error_response) {
            refuse();
        }
        if (!is_for_nobody(head.front())) {
            return ServerMessage{head.front(), unread_};
        }
    }
}

ServerMessage MessageReader::next() {
    while (true) {
        if (const auto message = poll()) {
            return *message;
        }
        (void)connection_.wait_readable(poll_interval);
    }
}

std::optional<std::string_view> MessageReader::exactly(std::size_t bytes) {
    FARSHORE_ASSERT(bytes <= unread_ && bytes <= buffer_bytes);
    while (at_hand() < bytes) {
        if (!fill()) {
            return std::nullopt;
        }
    }
    unread_ -= bytes;
    return take(bytes);
}

std::string_view MessageReader::some() {
    if (unread_ == 0 || (at_hand() == 0 && !fill())) {
        return {};
    }
    const std::size_t bytes = std::min(unread_, at_hand());
    unread_ -= bytes;
    return take(bytes);
}

std::string MessageReader::whole() {
    std::string body;
    while (unread_ > 0) {
        const std::string_view bytes = some();
        if (bytes.empty()) {
            (void)connection_.wait_readable(poll_interval);
        } else if (body.size() + bytes.size() > buffer_bytes) {
            throw Error(ErrorCode::malformed, "the server sent a message longer than any it has");
        }
        body.append(bytes);
    }
    return body;
}

// What is left of a message's body; false when it is not all here.
bool MessageReader::skip() {
    while (unread_ > 0) {
        if (some().empty()) {
            return false;
        }
    }
    return true;
}

std::string_view MessageReader::take(std::size_t bytes) {
    const std::string_view taken = std::string_view(buffer_).substr(begin_, bytes);
    begin_ += bytes;
    return taken;
}

// Reads what there is room for; false when nothing has come.
bool MessageReader::fill() {
    if (begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, at_hand());
        end_ -= begin_;
        begin_ = 0;
    }
    const std::size_t count = read_some(buffer_.data() + end_, buffer_.size() - end_);
    end_ += count;
    return count > 0;
}

std::size_t MessageReader::read_some(char* to, std::size_t most) {
    if (tls_ != nullptr) {
        ERR_clear_error();
        const int count = SSL_read(tls_, to, static_cast<int>(most));
        if (count > 0) {
            return static_cast<std::size_t>(count);
        }
        const int error = SSL_get_error(tls_, count);
        if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
            return 0;
        }
        ERR_clear_error();
        lost("its TLS has ended");
    }
    const ssize_t count = recv(PQsocket(connection_.raw()), to, most, MSG_DONTWAIT);
    if (count > 0) {
        return static_cast<std::size_t>(count);
    }
    if (count == 0) {
        lost("the server has closed it");
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
        return 0;
    }
    lost(std::strerror(errno));
}

std::size_t MessageReader::write_some(std::string_view bytes) {
    if (tls_ != nullptr) {
        ERR_clear_error();
        const int count = SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()));
        if (count > 0) {
            return static_cast<std::size_t>(count);
        }
        const int error = SSL_get_error(tls_, count);
        if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
            return 0;
        }
        ERR_clear_error();
        lost("its TLS has ended");
    }
    const ssize_t count = ::send(PQsocket(connection_.raw()), bytes.data(), bytes.size(),
                                 MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count >= 0) {
        return static_cast<std::size_t>(count);
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
        return 0;
    }
    lost(std::strerror(errno));
}

void MessageReader::lost(const char* why) const {
    throw Error(ErrorCode::database_unavailable,
                std::string("the connection to the database is lost: ") + why);
}

// As Connection::require() says it.
void MessageReader::refuse() {
    const std::string body = whole();
    std::string message = field_of(body, 'M');
    std::replace(message.begin(), message.end(), '\n', ' ');
    throw Error(error_code_of(field_of(body, 'C')),
                "the database says: " + field_of(body, 'S') + ":  " + message);
}

}  // namespace farshore::postgres
