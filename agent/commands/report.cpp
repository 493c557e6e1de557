#include <filesystem>
#include <fstream>

#include "agent/commands/command.hpp"
#include "agent/commands/command_line.hpp"
#include "agent/commands/output.hpp"
#include "agent/config/load.hpp"
#include "agent/control/json_text.hpp"
#include "agent/history/history_report.hpp"
#include "agent/history/report_html.hpp"
#include "agent/history/report_text.hpp"
#include "agent/runtime/sleeper.hpp"
#include "agent/runtime/system_clock.hpp"
#include "agent/verification/chain_check.hpp"
#include "storage/disk/durable_write.hpp"
#include "storage/disk/posix_file_system.hpp"
#include "storage/evidence/trust_file.hpp"
#include "storage/objects/open_store.hpp"

namespace farshore::commands {

namespace {

struct ReportOptions {
    storage::StoreSettings store;
    std::string trust, from, to, html;
    bool as_json = false;
    bool as_csv = false;
};

void describe(CommandLine& line, ReportOptions& options) {
    line.option("--store", "URL", options.store.url, "The store: s3://BUCKET/PREFIX or file:DIR",
                CommandLine::Need::required);
    line.option("--trust", "FILE", options.trust, "The trusted keys", CommandLine::Need::required);
    line.option("--from", "TIME", options.from,
                "From this minute (2026-11-01T00:00:00Z); from the "
                "first one without");
    line.option("--to", "TIME", options.to,
                "Up to this time; up to now without, so that a stream "
                "that ended is seen to have ended");
    line.option("--html", "FILE", options.html, "Write one HTML page");
    line.flag("--json", options.as_json, "Print JSON");
    line.flag("--csv", options.as_csv, "Print each minute as CSV");
    line.option("--region", "REGION", options.store.region, "Of --store's bucket");
    line.option("--endpoint", "URL", options.store.endpoint, "Of an S3-compatible server");
    line.flag("--path-style", options.store.path_style, "The bucket goes into the path");
}

std::optional<Timestamp> time_of(const std::string& name, const std::string& text) {
    if (text.empty()) {
        return std::nullopt;
    }
    const std::optional<Timestamp> time = parse_rfc3339(text);
    if (!time) {
        throw Error(ErrorCode::usage,
                    "report: " + name + " \"" + text + "\" is not a time as 2026-11-22T00:00:00Z");
    }
    return time;
}

void complete(ReportOptions& options) {
    const int forms =
        (options.html.empty() ? 0 : 1) + (options.as_json ? 1 : 0) + (options.as_csv ? 1 : 0);
    if (forms > 1) {
        throw Error(ErrorCode::usage, "report: one of --html, --json and --csv");
    }
    if (options.store.region.empty()) {
        options.store.region = "us-east-1";
    }
    if (options.store.url.starts_with("file:")) {
        options.store.url =
            "file:" + std::filesystem::absolute(options.store.url.substr(5)).string();
    }
}

history::HistoryReport make(storage::FileSystem& files, const ReportOptions& options,
                            ProgressLine& progress) {
    runtime::SystemClock clock;
    const auto from = time_of("--from", options.from);
    const auto to = time_of("--to", options.to).value_or(clock.utc_now());
    const TrustSet trust =
        storage::parse_trust_file(config::read_small_file(files, options.trust), options.trust);
    const auto store = storage::open_store(options.store, files, clock);
    verification::VerifyReport chain;
    chain.stream = trust.stream().str();
    history::EvidenceHistory history;
    const auto show = [&](const verification::VerifyProgress& now) {
        progress.show("reading the evidence", static_cast<double>(now.done), std::nullopt,
                      now.unit);
    };
    runtime::SystemSleeper sleeper;
    (void)verification::check_chain(*store, trust, chain, show, &history, &sleeper);
    history.note_stored(store->list_stored(""));
    return history::make_report(history, std::move(chain), {from, to});
}

void write_html(storage::FileSystem& files, const std::string& path, const std::string& page) {
    const std::filesystem::path whole = std::filesystem::absolute(path);
    const storage::Handle folder = files.open_root(whole.parent_path().string());
    storage::write_durably(files, folder, whole.filename().string(), page, 0644);
}

}  // namespace

int run_report(const Arguments& arguments) {
    ReportOptions options;
    CommandLine line("report",
                     "The history of RPO and lag, from verified marks and receipts. Exit 0: every "
                     "minute met its objective; 1: one did not, or the evidence is not sound.",
                     "farshore report --store s3://example-evidence/shop --trust trust.toml "
                     "--from 2026-11-01T00:00:00Z --html november.html");
    describe(line, options);
    if (const auto status = line.parse(arguments)) {
        return *status;
    }
    complete(options);
    storage::PosixFileSystem files;
    ProgressLine progress;
    const history::HistoryReport report = make(files, options, progress);
    progress.clear();
    if (options.as_json) {
        print(control::json_text(history::to_json(report)) + "\n");
    } else if (options.as_csv) {
        print(history::to_csv(report));
    } else if (!options.html.empty()) {
        write_html(files, options.html, history::to_html(report));
    } else {
        print(history::to_text(report));
    }
    const bool is_good =
        report.chain.findings_total == 0 && report.total.met == report.total.minutes;
    return is_good ? 0 : 1;
}

}  // namespace farshore::commands
