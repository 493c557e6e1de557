#include "agent/control/metrics_page.hpp"

#include <fmt/core.h>

#include <map>
#include <utility>

namespace farshore::control {

namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (c == '\n') {
            result += "\\n";
            continue;
        }
        if (c == '"' || c == '\\') {
            result.push_back('\\');
        }
        result.push_back(c);
    }
    return result;
}

// Samples of one name stand together under one HELP and TYPE, in the order the names came up. A
// figure that is not known has no sample.
class Page {
  public:
    explicit Page(Labels common) : common_(std::move(common)) {}

    void add(const std::string& name, std::string_view help, std::optional<double> value,
             const Labels& labels = {}) {
        if (!value) {
            return;
        }
        auto [it, is_new] = index_.try_emplace(name, families_.size());
        if (is_new) {
            const char* type = name.ends_with("_total") ? "counter" : "gauge";
            families_.push_back(fmt::format("# HELP farshore_{} {}\n# TYPE farshore_{} {}\n", name,
                                            help, name, type));
        }
        std::string text;
        for (const Labels* list : {&std::as_const(common_), &labels}) {
            for (const auto& [key, label] : *list) {
                text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", key, escaped(label));
            }
        }
        families_[it->second] += fmt::format("farshore_{}{{{}}} {}\n", name, text, *value);
    }

    [[nodiscard]] std::string text() const {
        std::string result;
        for (const std::string& family : families_) {
            result += family;
        }
        return result;
    }

  private:
    Labels common_;
    std::map<std::string, std::size_t> index_;
    std::vector<std::string> families_;
};

template <typename T>
std::optional<double> number(const std::optional<T>& value) {
    return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
}
template <typename Tag>
std::optional<double> number(const std::optional<Number<Tag>>& value) {
    return value ? std::optional(static_cast<double>(value->value())) : std::nullopt;
}

void add_stream(Page& page, const LagReport& lag) {
    page.add("rpo_seconds", "Upper end of what would be lost now, best placed secondary.",
             lag.rpo_seconds);
    page.add("complete_rpo_seconds", "The same over complete marks.", lag.complete_rpo_seconds);
    page.add("lag_seconds", "Upper end of how far behind the replica is seen.", lag.lag_seconds);
    page.add("error_seconds", "Error that is contained in the figures.", lag.error_seconds);
    page.add("floor_seconds", "Peak that a healthy, idle stream reaches.", lag.floor_seconds);
    page.add("objective_seconds", "The RPO that is aimed at.", lag.objective_seconds);
    for (const Proof proof : {Proof::proven, Proof::late, Proof::unknown}) {
        page.add("proof", "1 for the proof that holds.", lag.proof == proof ? 1 : 0,
                 {{"proof", std::string(to_string(proof))}});
    }
    page.add("clock_synchronised", "1 when the kernel has a bound for UTC.",
             lag.clock.synchronised ? 1 : 0);
    page.add("clock_error_seconds", "Error of UTC on this host.", lag.clock.error_seconds);
    page.add("store_queued", "Objects that wait for the store.",
             static_cast<double>(lag.store.queued));
    page.add("store_oldest_queued_seconds", "Age of the oldest of them.",
             lag.store.oldest_queued_seconds);
    page.add("store_queued_bytes", "Bytes that wait for the store.",
             static_cast<double>(lag.store.queued_bytes));
    const auto since = lag.store.not_attested_since;
    page.add("store_not_attested_seconds",
             "How far back records wait for the store longer than they should; 0: none does.",
             since ? (lag.time - *since).seconds() : 0);
    page.add("store_up", "0 while the store refuses or is away.", lag.store.error ? 0 : 1);
}

void add_peer(Page& page, const PeerFigures& peer) {
    const Labels named{{"peer", peer.name}};
    page.add("peer_streaming", "1 when the peer is connected and its first copy finished.",
             peer.state == PeerState::streaming ? 1 : 0, named);
    page.add("peer_round_trip_seconds", "Round trip of the session.", peer.round_trip_seconds,
             named);
    page.add("peer_received_mark", "Newest mark that is received there.",
             number(peer.received_mark), named);
    page.add("peer_applied_mark", "Newest mark that is applied there.", number(peer.applied_mark),
             named);
    page.add("peer_rpo_seconds", "RPO of this secondary.", peer.rpo_seconds, named);
    page.add("peer_lag_seconds", "Lag of this secondary.", peer.lag_seconds, named);
    for (const SourceFigures& source : peer.sources) {
        const Labels labels{{"peer", peer.name},
                            {"source", source.name},
                            {"kind", std::string(to_string(source.kind))}};
        page.add("source_rpo_seconds", "RPO of a source.", source.rpo_seconds, labels);
        page.add("source_lag_seconds", "Lag of a source.", source.lag_seconds, labels);
        page.add("source_pending_files", "Paths that the newest mark leaves behind.",
                 number(source.pending_files), labels);
        page.add("source_pending_bytes", "Bytes that are not yet received.",
                 number(source.pending_bytes), labels);
        if (source.slot) {
            page.add("slot_retained_bytes", "WAL that the slot keeps on the primary.",
                     number(source.slot->retained_bytes), labels);
            page.add("slot_safe_wal_bytes", "WAL until the server gives the slot up.",
                     number(source.slot->safe_wal_bytes), labels);
            page.add("slot_limit_bytes", "WAL past which farshore gives the slot up.",
                     number(source.slot->limit_bytes), labels);
            page.add("slot_time_left_seconds",
                     "Until the slot is given up, at the present rate, if nothing were confirmed.",
                     source.slot->time_left_seconds, labels);
        }
        if (source.kind == SourceKind::database) {
            page.add("source_gaps", "Gaps that are not closed: 1 for the whole database.",
                     static_cast<double>(source.gaps.size()), labels);
        }
    }
}

}  // namespace

std::string metrics_page(const StatusReport& status, const std::vector<Metric>& more) {
    const LagReport& lag = status.lag;
    Page page({{"stream", lag.stream},
               {"agent", lag.agent},
               {"role", std::string(to_string(lag.role))},
               {"epoch", lag.epoch ? std::to_string(lag.epoch->value()) : ""}});
    page.add("build_info", "Version of the agent.", 1, {{"version", status.version}});
    add_stream(page, lag);
    for (const PeerFigures& peer : lag.peers) {
        add_peer(page, peer);
    }
    page.add("cut", "Newest cut.", number(status.cut));
    page.add("mark", "Newest mark.", number(status.mark));
    page.add("faults", "Things that are wrong now.", static_cast<double>(status.faults.size()));
    page.add("not_carried", "Things that are not replicated.",
             static_cast<double>(status.not_carried.size()));
    page.add("resident_memory_bytes", "Memory of the agent.", number(status.memory_bytes));
    if (status.certificate_expires) {
        page.add("certificate_expires_timestamp_seconds",
                 "When the first of the agent's certificate and its CA's ends, seconds of UTC.",
                 static_cast<double>(status.certificate_expires->nanoseconds) / 1e9);
    }
    for (const SourceStatus& source : status.sources) {
        const Labels labels{{"source", source.name}};
        page.add("tree_entries", "Entries of a tree.", number(source.entries), labels);
        page.add("tree_bytes", "Bytes of a tree's files.", number(source.bytes), labels);
    }
    for (const Metric& metric : more) {
        page.add(metric.name, metric.help, metric.value, metric.labels);
    }
    return page.text();
}

}  // namespace farshore::control
