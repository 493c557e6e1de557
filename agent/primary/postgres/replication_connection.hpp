#pragma once
// PostgreSQL's streaming replication protocol, the part of it that logical decoding needs.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/postgres/connection.hpp"
#include "agent/postgres/message_reader.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/time.hpp"

namespace farshore::primary {

struct SystemFacts {
    std::string identifier;
    std::uint32_t timeline = 0;
    Lsn flushed;
};

struct CreatedSlot {
    Lsn consistent;        // the stream begins here
    std::string snapshot;  // shows the database as it was here, until the next command
};

// What the server sent. Text is valid until the next call of receive() or more().
struct ReplicationEvent {
    enum class Kind : std::uint8_t { none, change, keepalive };
    Kind kind = Kind::none;
    Lsn lsn;  // of a change; of a keepalive: all that was committed at or before it has been sent
    std::string_view message;  // of a change; the beginning of one that is too large for a frame
    std::size_t missing_bytes = 0;  // of the message: more() gives them
    bool wants_reply = false;
};

// What we tell the server about ourselves.
struct ReplicationStatus {
    Lsn written;
    Lsn confirmed;  // the slot lets go of everything before it
    Timestamp now;
    bool wants_reply = false;
};

// Not thread-safe. Every call throws Error(database_unavailable) when the connection is gone.
class ReplicationConnection {
  public:
    ReplicationConnection(const std::string& conninfo, const postgres::WakeEvent& stop);

    [[nodiscard]] SystemFacts identify();
    // How often the server wants to hear from us, at least; its wal_sender_timeout by three.
    [[nodiscard]] Duration status_interval();
    // The text of a timeline's history file.
    [[nodiscard]] std::string timeline_history(std::uint32_t timeline);
    // Waits for all transactions that run at the time of the call. Standbys keep it too where the
    // server can (PostgreSQL 17).
    [[nodiscard]] CreatedSlot create_slot(const std::string& name);
    // The same for a slot that ends with the connection.
    [[nodiscard]] CreatedSlot create_temporary_slot();
    void drop_slot(const std::string& name);

    // How large a transaction may be before the server decodes it by way of its disk.
    void set_memory(std::uint64_t bytes);
    // From then on only the calls below, and this one again where it was refused.
    void start(const std::string& slot, const std::string& publication, Lsn from);
    // Does not wait.
    [[nodiscard]] ReplicationEvent receive();
    // What has come of the missing bytes; empty when nothing has.
    [[nodiscard]] std::string_view more() { return reader_->some(); }
    void send(const ReplicationStatus& status);
    // For poll().
    [[nodiscard]] int socket() const;

  private:
    [[nodiscard]] CreatedSlot make_slot(const std::string& description);

    postgres::Connection connection_;
    std::optional<postgres::MessageReader> reader_;     // since start()
    std::optional<postgres::ServerMessage> beginning_;  // a message that is not all here yet
};

}  // namespace farshore::primary
