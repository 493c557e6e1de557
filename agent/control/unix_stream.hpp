#pragma once
// A connected Unix socket with a limit on every wait, in the form that Beast reads and writes
// (SyncReadStream, SyncWriteStream).

#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "protocol/time.hpp"

namespace farshore::control {

// Invariants: owns its descriptor; a read or write that makes no progress within the timeout fails
// with timed_out. shut_down() may come from another thread and wakes both.
class UnixStream {
  public:
    explicit UnixStream(int descriptor) : descriptor_(descriptor) {}
    ~UnixStream();
    UnixStream(UnixStream&& other) noexcept;
    UnixStream& operator=(UnixStream&&) = delete;

    // Throws Error(no_agent) when nothing answers at `path`, Error(forbidden) without the right to
    // connect.
    [[nodiscard]] static UnixStream connect(const std::string& path);

    // Null: no limit.
    void set_timeout(std::optional<Duration> timeout) { timeout_ = timeout; }
    void shut_down() const;
    // The user at the other end.
    [[nodiscard]] std::uint32_t peer_uid() const;

    template <typename Buffers>
    std::size_t read_some(const Buffers& buffers, boost::system::error_code& error) {
        const auto first = first_of<boost::asio::mutable_buffer>(buffers);
        return read_bytes(first.data(), first.size(), error);
    }
    template <typename Buffers>
    std::size_t read_some(const Buffers& buffers) {
        boost::system::error_code error;
        const std::size_t count = read_some(buffers, error);
        throw_if(error);
        return count;
    }
    template <typename Buffers>
    std::size_t write_some(const Buffers& buffers, boost::system::error_code& error) {
        const auto first = first_of<boost::asio::const_buffer>(buffers);
        return write_bytes(first.data(), first.size(), error);
    }
    template <typename Buffers>
    std::size_t write_some(const Buffers& buffers) {
        boost::system::error_code error;
        const std::size_t count = write_some(buffers, error);
        throw_if(error);
        return count;
    }

  private:
    // The first buffer that is not empty; one system call moves one buffer.
    template <typename Buffer, typename Buffers>
    static Buffer first_of(const Buffers& buffers) {
        const auto end = boost::asio::buffer_sequence_end(buffers);
        for (auto it = boost::asio::buffer_sequence_begin(buffers); it != end; ++it) {
            const Buffer buffer(*it);
            if (buffer.size() > 0) {
                return buffer;
            }
        }
        return {};
    }
    static void throw_if(const boost::system::error_code& error);
    std::size_t read_bytes(void* into, std::size_t size, boost::system::error_code& error);
    std::size_t write_bytes(const void* from, std::size_t size, boost::system::error_code& error);
    [[nodiscard]] bool wait_for(short events, boost::system::error_code& error) const;

    int descriptor_;
    std::optional<Duration> timeout_;
};

}  // namespace farshore::control
