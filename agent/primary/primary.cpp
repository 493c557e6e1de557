#include "agent/primary/primary.hpp"

#include <algorithm>
#include <chrono>

#include "agent/primary/files/inotify_watcher.hpp"
#include "agent/runtime/log.hpp"
#include "agent/runtime/sleeper.hpp"
#include "agent/session/attestation.hpp"

namespace farshore::primary {

namespace {

constexpr Duration epoch_retry = Duration::from_ms(2'000);
// At the end: how long APPLIED and the store are waited for (the whole stop takes 8 s at most).
constexpr Duration last_applied = Duration::from_ms(4'000);
constexpr Duration last_upload = Duration::from_ms(1'500);

std::vector<SourceName> tree_names(const config::Config& config) {
    std::vector<SourceName> names;
    for (const config::Tree& tree : config.trees) {
        names.push_back(tree.name);
    }
    return names;
}

std::vector<AgentName> peer_names(const config::Config& config) {
    std::vector<AgentName> names;
    for (const config::Peer& peer : config.peers) {
        names.push_back(peer.name);
    }
    return names;
}

}  // namespace

Primary::Primary(PrimaryServices services)
    : services_(std::move(services)),
      bandwidth_(services_.clock, services_.config.replication.bandwidth_limit_bytes),
      sealer_(services_.config.agent.stream, services_.config.agent.name,
              services_.config.objective_rpo, services_.key),
      state_(services_.state_file),
      gaps_(services_.state_file, peer_names(services_.config), services_.clock),
      context_(session_context()),
      uploads_(services_.state_file, {&services_.evidence, &services_.store}, services_.clock,
               [](const storage::OutboxItem&) {}),
      manifests_(
          services_.state_file, services_.config.agent.stream, services_.config.agent.name,
          services_.key, tree_names(services_.config),
          [this] {
              return session::record_interval(uploads_.figures(),
                                              services_.config.store.upload_interval,
                                              services_.clock.utc_now());
          },
          services_.clock,
          [this](const storage::ChainStanding& published) { on_published(published); }),
      forgetting_(services_.state_file, peer_names(services_.config)),
      tasks_([this](const runtime::TaskFailure& failure) {
          log::error("{} ended: {} {}", failure.task, failure.error.name(),
                     failure.error.message());
          trigger_.stop();
      }) {
    make_trees();
    for (const config::Peer& peer : services_.config.peers) {
        links_.push_back(std::make_unique<PeerLink>(context_, peer, [this](const config::Peer& to) {
            Hello hello;
            hello.stream = services_.config.agent.stream;
            hello.agent = services_.config.agent.name;
            hello.epoch = *epoch();
            hello.boot_id = services_.clock.boot_id();
            hello.bulk_lanes = static_cast<std::uint16_t>(services_.config.replication.bulk_lanes);
            hello.trees = tree_names(services_.config);
            for (const config::Database& database : services_.config.databases) {
                hello.databases.push_back(database.name);
            }
            return services_.dial(to, hello);
        }));
    }
    for (const config::Database& database : services_.config.databases) {
        watches_[database.name] = std::make_unique<DatabaseWatch>(
            services_.config.agent.stream, database, peer_names(services_.config), services_.clock,
            [this, name = database.name](const AgentName& peer, const std::string& reason) {
                (void)gaps_.open(name, peer, "", reason);
            });
        transactions_[database.name] = std::make_unique<TransactionLog>();
    }
}

Primary::~Primary() {
    tasks_.request_stop();
    for (const auto& tree : trees_) {
        tree->wake();
    }
    tasks_.join();
}

SessionContext Primary::session_context() {
    return {
        .config = services_.config,
        .clock = services_.clock,
        .state_file = services_.state_file,
        .history = history_,
        .broadcast = broadcast_,
        .bandwidth = bandwidth_,
        .send_wanted =
            [this](const WantedContent& wanted, BulkSender& bulk) {
                SessionSink sink(bulk);
                TreeSource* source = tree(wanted.tree);
                return source != nullptr && source->read_wanted(wanted, sink);
            },
        .on_transaction =
            [this](const SourceName& database, const StreamPosition& end, const Digest& sha256) {
                TransactionLog& log = *transactions_.at(database);
                log.follow(end.system);
                log.append(end.lsn, sha256);
                trigger_.notify();
            },
        .gaps = gaps_,
        .on_progress = [this] { on_progress(); },
        .serve = services_.serve};
}

void Primary::run(const runtime::StopToken& stop) {
    open_epoch(stop);
    if (stop.stop_requested()) {
        return;
    }
    welcome_back();
    for (const auto& tree : trees_) {
        tree->start();
    }
    cutter_ = std::make_unique<Cutter>(state_, history_, trigger_, services_.clock, sealer_,
                                       services_.config.replication, cutter_wiring());
    cutter_->restore();
    for (const auto& link : links_) {
        link->recall(state_);
    }
    start_tasks();
    cutter_->run(stop);
    last_words();
    tasks_.request_stop();
    for (const auto& tree : trees_) {
        tree->wake();
    }
    tasks_.join();
    if (const auto failure = tasks_.first_failure()) {
        throw failure->error;
    }
}

void Primary::open_epoch(const runtime::StopToken& stop) {
    // Once it is open, the record that is kept here is as good as the one in the store.
    const std::string key =
        storage::make_key(storage::EpochKey{services_.config.agent.stream, Epoch(1)});
    const auto kept = services_.evidence.get(key, limits::mark_envelope);
    if (kept) {
        enter_epoch(storage::check_epoch(services_.trust, Epoch(1), kept.value()).take());
        return;
    }
    const std::stop_callback interrupts(stop, [this] { services_.store.interrupt(); });
    runtime::SystemSleeper sleeper;
    while (!stop.stop_requested()) {
        try {
            const storage::OpenedEpoch opened = storage::open_first_epoch(
                services_.store, services_.trust, services_.config.agent.name, services_.key,
                services_.clock.utc_now());
            (void)services_.evidence.create(opened.key, opened.envelope);
            enter_epoch(opened);
            return;
        } catch (const Error& error) {
            if (stop.stop_requested()) {
                return;
            }
            if (error.code() != ErrorCode::store_unavailable && error.action() != Action::retry) {
                throw;
            }
            const std::lock_guard lock(mutex_);
            if (!fault_) {
                log::warning("the epoch can't be opened yet: {} {}", error.name(), error.message());
            }
            fault_ = PeerFault{error, services_.clock.utc_now()};
        }
        (void)sleeper.sleep(epoch_retry, stop);
    }
}

void Primary::enter_epoch(const storage::OpenedEpoch& opened) {
    if (opened.record.primary != services_.config.agent.name) {
        throw Error(ErrorCode::fenced, "epoch " + std::to_string(opened.record.epoch.value()) +
                                           " has another primary: " + opened.record.primary.str());
    }
    state_.set_epoch(opened.record.epoch);
    manifests_.begin_epoch(opened.record.epoch, opened.digest);
    const std::lock_guard lock(mutex_);
    epoch_ = opened.record.epoch;
    fault_.reset();
}

void Primary::make_trees() {
    for (const config::Tree& tree : services_.config.trees) {
        TreeSourceSettings settings;
        settings.stream = services_.config.agent.stream;
        settings.tree = tree;
        settings.sweep_interval = tree.sweep_interval;
        settings.scrub_interval = tree.scrub_interval;
        trees_.push_back(std::make_unique<TreeSource>(settings,
                                                      TreeSourceParts{.files = services_.files,
                                                                      .state = state_,
                                                                      .sink = broadcast_,
                                                                      .clock = services_.clock,
                                                                      .random = services_.random},
                                                      std::make_unique<InotifyWatcher>()));
    }
}

void Primary::start_tasks() {
    tasks_.start("uploads", [this](const runtime::StopToken& stop) { uploads_.run(stop); });
    tasks_.start("manifests", [this](const runtime::StopToken& stop) { manifests_.run(stop); });
    for (const auto& [name, watch] : watches_) {
        tasks_.start("watch " + name.str(),
                     [&database = *watch](const runtime::StopToken& stop) { database.run(stop); });
    }
    for (const auto& tree : trees_) {
        tasks_.start("events " + tree->name().str(),
                     [this, &source = *tree](const runtime::StopToken& stop) {
                         while (!stop.stop_requested()) {
                             if (source.wait_for_change(Duration::from_ms(1'000))) {
                                 trigger_.notify();
                             }
                         }
                     });
    }
    for (const auto& link : links_) {
        start_peer(*link);
    }
}

void Primary::start_peer(PeerLink& link) {
    tasks_.start("peer " + link.name().str(),
                 [&link](const runtime::StopToken& stop) { link.run(stop); });
    tasks_.start("evidence " + link.name().str(),
                 [this, &link](const runtime::StopToken& stop) { feed_evidence(link, stop); });
}

CutterWiring Primary::cutter_wiring() {
    CutterWiring wiring;
    for (const auto& tree : trees_) {
        wiring.trees.push_back(tree.get());
    }
    for (const auto& [name, watch] : watches_) {
        wiring.databases[name] = {.watch = watch.get(),
                                  .transactions = transactions_.at(name).get()};
    }
    wiring.new_identity = [this] { return services_.random.bytes(cut_identity_bytes); };
    wiring.position = [this](const SourceName& name) { return position(name); };
    wiring.want_position = [this](const SourceName& name, Lsn lsn) {
        for (const auto& link : links_) {
            if (const auto session = link->session()) {
                session->want_position(name, lsn);
            }
        }
    };
    wiring.is_whole = [this](const SourceName& name) { return is_whole(name); };
    wiring.gaps = [this](const SourceName& name) { return describe_gaps(name); };
    wiring.is_received = [this](CutNumber cut) {
        return std::any_of(links_.begin(), links_.end(), [cut](const auto& link) {
            const PeerView view = link->view();
            return view.connected &&
                   (cut.is_zero() || (view.received && view.received->cut >= cut));
        });
    };
    wiring.on_refusal = [this](const SourceName& tree, const std::optional<Error>& refusal) {
        on_refusal(tree, refusal);
    };
    wiring.on_fault = [this](const std::optional<Error>& fault) { on_fault(fault); };
    wiring.on_pending = [this](const SourceName& tree, const std::vector<std::string>& paths) {
        const std::lock_guard lock(mutex_);
        pending_[tree] = paths;
    };
    wiring.on_mark = [this](const SealedMark& sealed, CutNumber) { on_mark(sealed); };
    return wiring;
}

// A tree that was out of the config: its listing is published anew, and every secondary is told
// everything (judge_continuity). The listing first: then a crash between the two repeats both.
void Primary::welcome_back() {
    const std::vector<SourceName> trees = tree_names(services_.config);
    for (const SourceName& tree : state_.rejoining(trees)) {
        manifests_.renew_checkpoint(tree);
    }
    state_.set_configured(trees);
}

// On the thread of the manifests.
void Primary::on_published(const storage::ChainStanding& published) {
    uploads_.wake();
    std::map<AgentName, storage::PeerStanding> held;
    for (const auto& link : links_) {
        const PeerView view = link->view();
        if (!view.held.received_cut.is_zero()) {
            held[link->name()] = view.held;
        }
    }
    forgetting_.forget(held, published);
}

void Primary::on_mark(const SealedMark& sealed) {
    manifests_.on_mark(sealed.envelope.size());
    gaps_.told();
    const std::lock_guard lock(mutex_);
    newest_mark_ = sealed.mark;
    newest_facts_ = sealed.facts;
    progress_.notify_all();
}

bool Primary::is_whole(const SourceName& database) const {
    // A mark has one as_of for all secondaries: where one lacks changes that it has been sent, it
    // stands still for the others too.
    if (std::any_of(links_.begin(), links_.end(), [&](const auto& link) {
            return gaps_.has_table_gap(database, link->name());
        })) {
        return false;
    }
    return std::any_of(links_.begin(), links_.end(), [&](const auto& link) {
        const auto open = link->session();
        return open && !open->position(database).system.empty() &&
               !gaps_.is_open(database, link->name());
    });
}

std::vector<std::string> Primary::describe_gaps(const SourceName& database) {
    std::vector<std::string> sentences = gaps_.sentences(database);
    const auto newest = history_.newest();
    const bool was_copied = newest && newest->databases.contains(database) &&
                            !newest->databases.at(database).lsn.is_zero();
    // After a restart nothing else remembers it before that secondary comes.
    for (const auto& [peer, slot] : watches_.at(database)->facts().slots) {
        if (was_copied && !slot.exists && !gaps_.is_open(database, peer)) {
            sentences.push_back("no replication slot for " + peer.str() +
                                ": it needs a first copy");
        }
    }
    return sentences;
}

void Primary::on_refusal(const SourceName& tree, const std::optional<Error>& refusal) {
    for (const auto& link : links_) {
        if (const auto session = link->session()) {
            session->tell_fault(tree, refusal);
        }
    }
    const std::lock_guard lock(mutex_);
    const auto known = refusals_.find(tree);
    if (!refusal) {
        if (known != refusals_.end()) {
            log::info("tree {}: nothing is refused or held any more", tree.str());
            refusals_.erase(known);
        }
    } else if (known == refusals_.end() || known->second.error.message() != refusal->message()) {
        // Since when: of the same trouble, however its figures change.
        log::warning("tree {}: {} {}", tree.str(), refusal->name(), refusal->message());
        refusals_.insert_or_assign(tree, PeerFault{*refusal, services_.clock.utc_now()});
    }
}

void Primary::on_fault(const std::optional<Error>& fault) {
    for (const auto& link : links_) {
        if (const auto session = link->session()) {
            session->tell_fault(SourceName(), fault);
        }
    }
    const std::lock_guard lock(mutex_);
    fault_ = fault ? std::optional(PeerFault{*fault, services_.clock.utc_now()}) : std::nullopt;
}

void Primary::on_progress() {
    trigger_.look_again();
    const std::lock_guard lock(mutex_);
    progress_.notify_all();
}

void Primary::last_words() {
    // The last mark was taken when the cutter ended. What can't be sent now stays queued.
    const BootTime until = services_.clock.boot_now() + last_applied;
    const auto newest = history_.newest();
    const MarkNumber mark =
        newest && newest->newest_mark ? newest->newest_mark->mark : MarkNumber();
    manifests_.begin_last(mark, last_upload);
    {
        std::unique_lock lock(mutex_);
        while (newest && !all_applied(newest->cut)) {
            const Duration left = until - services_.clock.boot_now();
            if (left.nanoseconds <= 0) {
                log::info("stopping before everything was applied");
                break;
            }
            progress_.wait_for(lock, std::chrono::nanoseconds(left.nanoseconds));
        }
    }
    if (!manifests_.wait_written(mark, last_upload) || !uploads_.wait_empty(last_upload)) {
        log::info("some evidence stays queued for the store");
    }
}

bool Primary::all_applied(CutNumber cut) const {
    return std::all_of(links_.begin(), links_.end(), [cut](const auto& link) {
        const PeerView view = link->view();
        // Who is not connected can't be waited for.
        return !view.connected || (view.applied && view.applied->cut >= cut);
    });
}

void Primary::feed_evidence(PeerLink& link, const runtime::StopToken& stop) {
    const storage::ChainKey chain{.stream = services_.config.agent.stream,
                                  .epoch = *epoch(),
                                  .agent = services_.config.agent.name};
    runtime::SystemSleeper sleeper;
    while (sleeper.sleep(Duration::from_ms(500), stop)) {
        const auto session = link.session();
        if (!session) {
            continue;
        }
        try {
            const Sequence held = parse_held(session->ask("evidence_held", "", last_applied));
            EvidenceFeed feed(services_.evidence, chain,
                              [&](const std::string& key, const std::string& bytes) {
                                  session->send_evidence(key, bytes);
                              });
            feed.run(held, stop);
        } catch (const Error& error) {
            // The session has ended, or there is nothing to send yet: again with the next one.
            log::debug("evidence for {}: {}", link.name().str(), error.message());
        }
    }
}

}  // namespace farshore::primary
