#include "protocol/error.hpp"

#include <array>

namespace farshore {

namespace {

using enum ErrorCode;
using enum Action;

constexpr std::array catalogue{
    ErrorInfo{internal, "INTERNAL", stop, 2,
              "This is a defect in farshore: report it with the log."},
    ErrorInfo{usage, "USAGE", refuse, 2, "See --help."},
    ErrorInfo{bad_config, "BAD_CONFIG", stop, 2,
              "Correct the named key; agent --check tells whether it is right."},
    ErrorInfo{
        bad_name, "BAD_NAME", refuse, 2,
        "Check the name: letters, digits, dots, dashes and underscores, as the config has it."},
    ErrorInfo{bad_key, "BAD_KEY", stop, 2,
              "Name a PEM file that the agent's user can read; a private key has mode 600 and no "
              "passphrase."},
    ErrorInfo{not_found, "NOT_FOUND", refuse, 1,
              "Check the name or the path; what is meant may have been removed."},
    ErrorInfo{already_exists, "ALREADY_EXISTS", refuse, 2,
              "Nothing was overwritten: name another place, or move the old one away."},
    ErrorInfo{io, "IO", retry, 2,
              "Look at the named path and the kernel log; the agent tries again by itself."},
    ErrorInfo{disk_full, "DISK_FULL", retry, 2, "Free some space; the agent goes on by itself."},
    ErrorInfo{sync_failed, "SYNC_FAILED", stop, 2,
              "The disk failed to keep what was written: look at the kernel log before starting "
              "the agent again."},
    ErrorInfo{state_locked, "STATE_LOCKED", stop, 2,
              "Another agent runs with this state directory: stop it first."},
    ErrorInfo{state_damaged, "STATE_DAMAGED", stop, 2,
              "Move the state directory away and start again: the agent compares and copies what "
              "differs."},
    ErrorInfo{
        malformed, "MALFORMED", refuse, 1,
        "The named bytes are damaged, or not from farshore: find out who wrote or sent them."},
    ErrorInfo{too_large, "TOO_LARGE", refuse, 1,
              "The named limit keeps memory bounded: make the thing smaller, or raise the limit if "
              "the config has it."},
    ErrorInfo{bad_checksum, "BAD_CHECKSUM", retry, 1,
              "Bytes changed on their way or on a disk: it is done again; when it comes again, "
              "look at memory, disk and network."},
    ErrorInfo{bad_version, "BAD_VERSION", stop, 2,
              "Bring both agents to versions that share a protocol."},
    ErrorInfo{bad_signature, "BAD_SIGNATURE", stop, 1,
              "Somebody altered what was signed, or the trust file is not this stream's."},
    ErrorInfo{untrusted, "UNTRUSTED", stop, 2,
              "Add the agent's key to the trust file, or find out who is calling."},
    ErrorInfo{wrong_peer, "WRONG_PEER", stop, 2,
              "Check name and address of the peer in both configs."},
    ErrorInfo{tls_failed, "TLS_FAILED", retry, 2,
              "Check that both certificates come from the same CA and have not expired."},
    ErrorInfo{connection_lost, "CONNECTION_LOST", retry, 2,
              "Check that the peer runs and that its address and the firewalls are right; the "
              "agent goes on by itself."},
    ErrorInfo{timeout, "TIMEOUT", retry, 1,
              "Ask again with a longer --timeout, or see in farshore status what is slow."},
    ErrorInfo{chain_broken, "CHAIN_BROKEN", stop, 1, "Run verify --chain: it names the object."},
    ErrorInfo{root_changed, "ROOT_CHANGED", stop, 2,
              "Mount the right volume at the tree's path; nothing was deleted, and the agent goes "
              "on by itself."},
    ErrorInfo{unsafe_path, "UNSAFE_PATH", stop, 2,
              "A path must stay within its tree. Where a peer sent it: it is broken or hostile."},
    ErrorInfo{replica_not_empty, "REPLICA_NOT_EMPTY", stop, 2,
              "Empty the replica, or set adopt = true to let farshore take it over."},
    ErrorInfo{
        replica_altered, "REPLICA_ALTERED", retry, 1,
        "Find out who changes the replica. A file is copied anew by itself; of a database the "
        "message says what to do."},
    ErrorInfo{
        database_unavailable, "DATABASE_UNAVAILABLE", retry, 2,
        "Check that PostgreSQL runs and that the conninfo is right; the agent goes on by itself."},
    ErrorInfo{database_refused, "DATABASE_REFUSED", stop, 2,
              "Change the named setting or right; the agent tries again by itself."},
    ErrorInfo{
        database_gap, "GAP", stop, 1,
        "What was committed in between can't be carried any more: a new first copy is needed."},
    ErrorInfo{ddl_pending, "DDL_PENDING", stop, 1,
              "Run the same DDL on the replica; applying goes on by itself."},
    ErrorInfo{conflict, "CONFLICT", stop, 1,
              "Settle the named row on the replica; applying goes on by itself."},
    ErrorInfo{
        store_unavailable, "STORE_UNAVAILABLE", retry, 2,
        "Records wait on this host until the store is back; check the network and the store."},
    ErrorInfo{store_refused, "STORE_REFUSED", stop, 2,
              "Check the store: bucket, region, credentials and policy, or the directory and its "
              "rights."},
    ErrorInfo{precondition_failed, "PRECONDITION_FAILED", refuse, 1,
              "Another writer was first: check that no second agent has this name and stream."},
    ErrorInfo{not_primary, "NOT_PRIMARY", refuse, 2, "Run this on the primary."},
    ErrorInfo{not_secondary, "NOT_SECONDARY", refuse, 2, "Run this on a secondary."},
    ErrorInfo{fenced, "FENCED", stop, 2,
              "Another host has been promoted: this one must not go on as primary."},
    ErrorInfo{no_agent, "NO_AGENT", refuse, 2,
              "Start the agent, or name its socket with --socket."},
    ErrorInfo{forbidden, "FORBIDDEN", refuse, 2, "Only root and the agent's own user may do that."},
    ErrorInfo{unsupported, "UNSUPPORTED", refuse, 2,
              "Look into README.md for what this version carries."},
    ErrorInfo{cancelled, "CANCELLED", refuse, 2, "The agent is stopping: ask again when it runs."},
    ErrorInfo{deletions_held, "DELETIONS_HELD", stop, 1,
              "Look at what would be deleted: farshore approve lists it and lets it go."},
    ErrorInfo{quarantined, "QUARANTINED", stop, 1,
              "The table is copied anew by itself, the others go on; when its copy is not taken, "
              "status says "
              "why."},
    ErrorInfo{clock_fault, "CLOCK_FAULT", stop, 1,
              "Set both hosts' clocks right (chronyc tracking tells); the figures come back by "
              "themselves."},
    ErrorInfo{certificate_expired, "TLS_EXPIRED", stop, 2,
              "Renew the certificate that is named, and restart or reload its agent."},
};

constexpr bool catalogue_is_dense() {
    for (std::size_t i = 0; i < catalogue.size(); ++i) {
        if (static_cast<std::size_t>(catalogue[i].code) != i + 1) {
            return false;
        }
    }
    return true;
}
static_assert(catalogue_is_dense(), "one row for each code, in the order of the numbers");

}  // namespace

const ErrorInfo& error_info(ErrorCode code) {
    const auto index = static_cast<std::size_t>(code) - 1;
    FARSHORE_ASSERT(index < catalogue.size());
    return catalogue[index];
}

std::optional<ErrorCode> error_code_from_wire(std::uint16_t number) {
    if (number == 0 || number > catalogue.size()) {
        return std::nullopt;
    }
    return static_cast<ErrorCode>(number);
}

}  // namespace farshore
