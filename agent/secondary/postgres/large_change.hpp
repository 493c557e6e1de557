#pragma once
// A row change that is too large to be held whole, read as it comes. Pure.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include "protocol/pgoutput.hpp"

namespace farshore::secondary {

// The bytes of a message that follow, some at a time; empty behind its end.
using NextBytes = std::function<std::string_view()>;

// Where its large values go, one after the other.
class LargeValueSink {
  public:
    virtual ~LargeValueSink() = default;
    // So many bytes are added before the next begin(). Numbers begin at 1.
    virtual void begin(std::uint32_t number, std::size_t bytes) = 0;
    virtual void add(std::string_view bytes) = 0;
};

// Invariants: message() is the change with each value over kept_bytes replaced by one of kind
// stored, whose bytes are the number that the sink has it by; nothing else of it is held.
class LargeChange {
  public:
    static constexpr std::size_t kept_bytes = 4096;

    // Reads all of it, an Insert, Update or Delete. Throws Error(malformed), and what `next` and
    // `sink` throw.
    LargeChange(NextBytes next, LargeValueSink& sink);

    [[nodiscard]] const pgoutput::Message& message() const { return message_; }

    // Of which relation it is: `first` is what the message begins with.
    [[nodiscard]] static std::uint32_t relation_of(std::string_view first);

  private:
    [[nodiscard]] pgoutput::Update read_update();
    [[nodiscard]] pgoutput::Row read_row();
    [[nodiscard]] pgoutput::Value read_value();
    [[nodiscard]] pgoutput::OldRow read_old_row(char kind);
    [[nodiscard]] std::string_view keep(std::string text);
    // Between 1 and `most` bytes.
    [[nodiscard]] std::string_view some(std::size_t most);
    [[nodiscard]] std::uint32_t integer(std::size_t bytes);
    [[nodiscard]] char tag() { return some(1).front(); }
    void require_tag(char wanted);

    NextBytes next_;
    LargeValueSink& sink_;
    std::string_view unread_;
    std::deque<std::string> kept_;  // what the message's values point to
    std::uint32_t stored_ = 0;
    pgoutput::Message message_;
};

}  // namespace farshore::secondary
