#pragma once
// The one catalogue of errors: what happened, what the caller shall do, which status a command ends
// with.
//
// If every caller does the same with a failure (give up the task), throw Error. If the caller
// branches on it (bytes from outside that do not parse, an object that is not there, a lost
// conditional write), return Result<T>.

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "protocol/assert.hpp"

namespace farshore {

// What the caller does with an error. retry: the same again, later. refuse: tell the asker, go on.
// stop: this task can not go on until somebody has acted; the hint says how.
enum class Action : std::uint8_t { retry, refuse, stop };

// Names never change their meaning. The wire carries the number: append only, retire by comment.
enum class ErrorCode : std::uint16_t {
    internal = 1,    // an assumption of ours about our own state
    usage = 2,       // wrong arguments on the command line
    bad_config = 3,  // file, line, key
    bad_name = 4,
    bad_key = 5,    // unreadable, wrong form, or readable by others
    not_found = 6,  // an object, a file, a row that was asked for
    already_exists = 7,
    io = 8,  // the disk or the kernel refused
    disk_full = 9,
    sync_failed = 10,   // nobody knows what is on the disk: the process must leave
    state_locked = 11,  // another agent holds this state directory
    state_damaged = 12,
    malformed = 13,  // bytes from outside that do not parse
    too_large = 14,  // over a limit of limits.hpp
    bad_checksum = 15,
    bad_version = 16,  // a protocol or format that this build does not know
    bad_signature = 17,
    untrusted = 18,   // a key or peer that is not in the trust file
    wrong_peer = 19,  // the certificate bears another agent's name, or another stream
    tls_failed = 20,
    connection_lost = 21,
    timeout = 22,
    chain_broken = 23,       // evidence: gap, fork, wrong previous
    root_changed = 24,       // a tree's root is not the one we know
    unsafe_path = 25,        // a path from the wire that is absolute, has .., or leaves the tree
    replica_not_empty = 26,  // the replica holds something that is not ours
    replica_altered = 27,    // the replica is not what we left there
    database_unavailable = 28,
    database_refused = 29,     // wal_level, slots, rights: the hint names the setting
    database_gap = 30,         // slot lost, recreated, other system or timeline
    ddl_pending = 31,          // the replica's schema lacks what the primary has
    conflict = 32,             // a row that is not there, twice there, or violates a constraint
    store_unavailable = 33,    // network, 5xx, throttling
    store_refused = 34,        // 403, wrong region, wrong bucket: configuration
    precondition_failed = 35,  // 412: the object is already there with other bytes, or raced
    not_primary = 36,
    not_secondary = 37,
    fenced = 38,       // a higher epoch exists
    no_agent = 39,     // nothing answers at the socket
    forbidden = 40,    // the caller at the socket may not do that
    unsupported = 41,  // asked for something that this build does not carry
    cancelled = 42,
    deletions_held = 43,  // a batch of deletions waits for approve
    quarantined = 44,     // one table is set aside and copied anew
    clock_fault = 45,     // two clocks disagree by more than their errors allow
    certificate_expired = 46,
};

struct ErrorInfo {
    ErrorCode code;
    std::string_view name;  // "ROOT_CHANGED": in JSON, logs, status
    Action action;
    int exit_status;        // of a command that ends by it: 1 the answer is no, 2 it could not run
    std::string_view hint;  // a sentence to the operator: what to do
};

[[nodiscard]] const ErrorInfo& error_info(ErrorCode code);
// For numbers from the wire; nullopt when this build does not know the number.
[[nodiscard]] std::optional<ErrorCode> error_code_from_wire(std::uint16_t number);

// message: lower case, names thing, deed and cause: "cannot open agent.key: permission denied".
class Error : public std::exception {
  public:
    Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

    [[nodiscard]] ErrorCode code() const { return code_; }
    [[nodiscard]] Action action() const { return error_info(code_).action; }
    [[nodiscard]] std::string_view name() const { return error_info(code_).name; }
    [[nodiscard]] const std::string& message() const { return message_; }
    [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }

  private:
    ErrorCode code_;
    std::string message_;
};

// A value or the Error that stood in its way.
template <typename T>
class [[nodiscard]] Result {
  public:
    Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit
    Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit

    [[nodiscard]] bool ok() const { return content_.index() == 0; }
    explicit operator bool() const { return ok(); }
    [[nodiscard]] const T& value() const& {
        FARSHORE_ASSERT(ok());
        return std::get<0>(content_);
    }
    [[nodiscard]] T&& value() && {
        FARSHORE_ASSERT(ok());
        return std::get<0>(std::move(content_));
    }
    [[nodiscard]] const Error& error() const {
        FARSHORE_ASSERT(!ok());
        return std::get<1>(content_);
    }
    // The value, or throws the Error.
    [[nodiscard]] T take() && {
        if (!ok()) {
            throw std::get<1>(std::move(content_));
        }
        return std::get<0>(std::move(content_));
    }

  private:
    std::variant<T, Error> content_;
};

struct Unit {};
using Status = Result<Unit>;

}  // namespace farshore
