#include "agent/daemon/secondary_verify.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "agent/daemon/database_verify.hpp"
#include "agent/runtime/sleeper.hpp"
#include "agent/verification/fold_to_mark.hpp"
#include "agent/verification/tree_check.hpp"
#include "protocol/envelope.hpp"
#include "protocol/json.hpp"
#include "protocol/json_members.hpp"

namespace farshore::daemon {

namespace {

using verification::Finding;
using verification::FindingKind;
using verification::VerifyReport;
using verification::VerifyRequest;

constexpr Duration peer_publish_timeout = Duration::from_ms(25'000);
constexpr Duration arrive_timeout = Duration::from_ms(20'000);

void add_unchecked(VerifyReport& report, const std::string& what, const std::string& source,
                   const Error& error) {
    report.unchecked.push_back(
        {.what = what, .source = source, .why = std::string(error.name()) + " " + error.message()});
}

// One tree against the disk as of a mark.
class TreeVerification {
  public:
    TreeVerification(Services& services, secondary::Secondary& role, const SourceName& tree,
                     const verification::FoldedTree& folded,
                     const verification::OnProgress& progress)
        : services_(services),
          role_(role),
          tree_(tree),
          folded_(folded),
          progress_(progress),
          state_(services.state_file) {}

    void run(VerifyReport& report) {
        Pass found = pass(std::nullopt);
        const std::uint64_t paths = found.paths;
        const std::uint64_t bytes = found.bytes;
        if (!found.findings.empty()) {
            // Something differs: look again while nothing moves.
            const auto paused = role_.applier().pause();
            found = pass(places_of(found));
        }
        for (Finding& finding : found.findings) {
            report.add(std::move(finding));
        }
        report.findings_total += found.more;
        compare_with_signed_digest(report);
        report.checked.push_back({.what = "tree",
                                  .source = tree_.str(),
                                  .count = paths,
                                  .unit = "paths",
                                  .bytes = bytes,
                                  .place = "mark " + std::to_string(folded_.mark.mark.value())});
    }

  private:
    struct Pass {
        std::vector<Finding> findings;
        std::uint64_t more = 0;  // that are not held
        std::uint64_t paths = 0;
        std::uint64_t bytes = 0;
    };

    // Those that have to be read again, applying waits so long; none: all of them. Which names are
    // one file is seen only where all are looked at.
    static std::optional<std::set<std::string>> places_of(const Pass& pass) {
        std::set<std::string> places;
        for (const Finding& finding : pass.findings) {
            if (finding.expected.find("hard link") != std::string::npos) {
                return std::nullopt;
            }
            places.insert(finding.place);
        }
        return pass.more > 0 ? std::nullopt : std::optional(std::move(places));
    }

    // A path that the listing has and our index has not was deleted later, or never came. That the
    // index is the primary's listing is what the signed digest of a later mark says.
    void compare_with_signed_digest(VerifyReport& report) {
        const MarkNumber applied = state_.standing().applied_mark;
        if (applied.is_zero()) {
            return;
        }
        const auto marks = state_.marks_applied_after(MarkNumber(applied.value() - 1), 1);
        if (marks.empty() || !marks.front().sources.contains(tree_)) {
            return;
        }
        const std::string payload =
            read_envelope_payload(marks.front().envelope, payload_type::mark).take();
        const Mark mark = parse_mark(payload).take();
        const auto source = mark.sources.find(tree_);
        const auto* expected =
            source == mark.sources.end() ? nullptr : std::get_if<TreeMark>(&source->second);
        const Digest& found = marks.front().sources.at(tree_);
        if (expected != nullptr && expected->digest.value() != found) {
            report.add({.kind = FindingKind::path_differs,
                        .source = tree_.str(),
                        .place = "the listing as of mark " + std::to_string(mark.mark.value()),
                        .expected = expected->digest.value().prefixed(),
                        .found = found.prefixed()});
        }
    }

    // `only`: these of the listing; none: all. What is not in the listing is found in any case.
    Pass pass(const std::optional<std::set<std::string>>& only) {
        constexpr std::uint64_t told_every = 64;
        Pass pass;
        secondary::ReplicaTree& replica = *role_.tree(tree_);
        verification::TreeCheck check(
            services_.files, replica.root(), tree_, {}, [&](Finding finding) {
                if (is_newer(finding.place)) {
                    return;
                }
                if (pass.findings.size() < VerifyReport::max_findings_kept) {
                    pass.findings.push_back(std::move(finding));
                } else {
                    ++pass.more;
                }
            });
        std::uint64_t done = 0;
        folded_.listing->walk("", [&](const FileEntry& entry, bool newer) {
            const bool is_left = only && !only->contains(entry.path);
            if (newer || is_left || is_newer(entry.path)) {
                check.ignore(entry.path);
            } else {
                check.expect(entry);
            }
            if (++done % told_every == 1) {
                progress_({"tree", tree_.str(), done, std::nullopt, "paths"});
            }
            return true;
        });
        check.finish();
        pass.paths = check.paths();
        pass.bytes = check.bytes();
        return pass;
    }

    // Changed by a later mark, as this host's own index says.
    bool is_newer(const std::string& path) {
        const auto own = state_.index().find(tree_, path);
        if (own) {
            return own->entry.mark > folded_.mark.mark;
        }
        return is_listed(path) && state_.standing().applied_mark > folded_.mark.mark;
    }

    bool is_listed(const std::string& path) const {
        bool listed = false;
        const std::string before = path.substr(0, path.size() - 1);
        folded_.listing->walk(before, [&](const FileEntry& entry, bool) {
            listed = entry.path == path;
            return entry.path < path;
        });
        return listed;
    }

    Services& services_;
    secondary::Secondary& role_;
    SourceName tree_;
    const verification::FoldedTree& folded_;
    const verification::OnProgress& progress_;
    storage::SecondaryState state_;
};

class SecondaryVerification {
  public:
    SecondaryVerification(Services& services, secondary::Secondary& role,
                          const VerifyRequest& request, const verification::OnProgress& progress)
        : services_(services),
          role_(role),
          request_(request),
          progress_(progress),
          session_(role.session()) {}

    VerifyReport run() {
        report_.stream = services_.config.agent.stream.str();
        mark_ = request_.at;
        if (!mark_ && (request_.wants_chain() || request_.wants_files())) {
            bring_evidence_up_to_now();
        }
        if (request_.wants_chain()) {
            check_chain();
        }
        if (request_.wants_files()) {
            for (const config::Tree& tree : services_.config.trees) {
                if (is_wanted(request_.only_trees, tree.name)) {
                    check_tree(tree.name);
                }
            }
        }
        name_unknown(request_.only_trees, services_.config.trees, "tree");
        name_unknown(request_.only_databases, services_.config.databases, "database");
        if (request_.wants_databases()) {
            for (const config::Database& database : services_.config.databases) {
                if (is_wanted(request_.only_databases, database.name)) {
                    check_database(database);
                }
            }
        }
        return std::move(report_);
    }

  private:
    static bool is_wanted(const std::vector<SourceName>& only, const SourceName& name) {
        return only.empty() || std::find(only.begin(), only.end(), name) != only.end();
    }

    template <typename Sources>
    void name_unknown(const std::vector<SourceName>& asked, const Sources& known,
                      const std::string& what) {
        for (const SourceName& name : asked) {
            const auto is_it = [&](const auto& source) { return source.name == name; };
            if (std::none_of(known.begin(), known.end(), is_it)) {
                report_.unchecked.push_back(
                    {.what = what, .source = name.str(), .why = "the config has no such " + what});
            }
        }
    }

    [[nodiscard]] storage::ChainKey chain() {
        const secondary::SecondaryView view = role_.view();
        AgentName primary = view.newest_mark ? view.newest_mark->agent : view.primary;
        return {.stream = services_.config.agent.stream,
                .epoch = view.epoch.value_or(Epoch(1)),
                .agent = std::move(primary)};
    }

    void bring_evidence_up_to_now() {
        try {
            if (!session_) {
                throw Error(ErrorCode::connection_lost, "the primary is not connected");
            }
            const auto value =
                parse_json(session_->ask("publish", "", peer_publish_timeout), limits::frame_body)
                    .take();
            JsonMembers members("publish", value);
            const MarkNumber mark(members.integer("mark"));
            const Sequence manifest(members.integer("manifest"));
            if (!role_.wait_applied(mark, arrive_timeout) || !wait_held(manifest)) {
                throw Error(ErrorCode::timeout, "mark " + std::to_string(mark.value()) +
                                                    " was not applied here in time");
            }
            mark_ = mark;
        } catch (const Error& error) {
            // Without it: as of what was applied last.
            const MarkNumber applied = role_.view().standing.applied_mark;
            if (!applied.is_zero()) {
                mark_ = applied;
            }
            add_unchecked(report_, "up to now", "", error);
        }
        role_.receipts().write_now();
        (void)role_.upload_task().wait_empty(arrive_timeout);
    }

    bool wait_held(Sequence manifest) {
        runtime::SystemSleeper sleeper;
        const storage::ChainKey key = chain();
        const BootTime until = services_.clock.boot_now() + arrive_timeout;
        while (role_.evidence().held(key) < manifest) {
            if (services_.clock.boot_now() >= until) {
                return false;
            }
            (void)sleeper.sleep(Duration::from_ms(50), {});
        }
        return true;
    }

    void check_chain() {
        try {
            verify_chain(services_, report_, progress_);
        } catch (const Error& error) {
            add_unchecked(report_, "chain", "", error);
        }
    }

    void check_tree(const SourceName& tree) {
        try {
            if (role_.tree(tree) == nullptr || !role_.tree(tree)->is_open()) {
                throw Error(ErrorCode::not_found, "nothing was replicated here yet");
            }
            const auto folded =
                verification::fold_to_mark(*services_.store, services_.identity.trust,
                                           {.chain = chain(), .tree = tree, .at = mark_});
            if (!folded) {
                if (folded.error().code() == ErrorCode::not_found) {
                    throw folded.error();
                }
                report_.add({.kind = FindingKind::bad_fold,
                             .source = tree.str(),
                             .place = mark_ ? "mark " + std::to_string(mark_->value()) : "",
                             .expected = "evidence that folds to the mark",
                             .found = folded.error().message()});
                return;
            }
            TreeVerification(services_, role_, tree, folded.value(), progress_).run(report_);
        } catch (const Error& error) {
            add_unchecked(report_, "tree", tree.str(), error);
        }
    }

    void check_database(const config::Database& database) {
        try {
            if (!session_) {
                throw Error(ErrorCode::connection_lost,
                            "the primary is not connected: a database needs both");
            }
            progress_({"database", database.name.str(), 0, std::nullopt, "tables"});
            verify_database(*session_, role_.applier(), database, report_);
        } catch (const Error& error) {
            add_unchecked(report_, "database", database.name.str(), error);
        }
    }

    Services& services_;
    secondary::Secondary& role_;
    const VerifyRequest& request_;
    const verification::OnProgress& progress_;
    std::shared_ptr<secondary::SecondarySession> session_;
    VerifyReport report_;
    std::optional<MarkNumber> mark_;
};

}  // namespace

VerifyReport verify_secondary(Services& services, secondary::Secondary& role,
                              const VerifyRequest& request,
                              const verification::OnProgress& progress) {
    return SecondaryVerification(services, role, request, progress).run();
}

}  // namespace farshore::daemon
