#include "tests/agent/primary/files/tree_fixture.hpp"

#include <thread>

namespace farshore::primary {

namespace fs = std::filesystem;

void RecordingSink::whole(const SourceName&, const Digest& sha256, std::string_view content) {
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(farshore::sha256(content), sha256);
    contents_[sha256] = content;
}

std::uint64_t RecordingSink::begin(const ContentStart& start) {
    const std::lock_guard lock(mutex_);
    last_prefix = start.prefix;
    transfers_[++next_] = prefix_content.substr(0, start.prefix);
    return next_;
}

std::uint64_t RecordingSink::begin_recipe(const RecipeStart& start) {
    const std::lock_guard lock(mutex_);
    transfers_[++next_] = "";
    recipes += 1;
    last_bases = start.bases;
    return next_;
}

void RecordingSink::chunks(std::uint64_t transfer, const std::vector<Chunk>& chunks) {
    const std::lock_guard lock(mutex_);
    for (const Chunk& chunk : chunks) {
        told_[transfer] += chunk.length;
    }
}

void RecordingSink::answer(std::uint64_t transfer, const ReadPiece& read) {
    if (on_data) {
        on_data();
    }
    const std::lock_guard lock(mutex_);
    std::string& content = transfers_.at(transfer);
    content += read(content.size(), told_[transfer] - content.size());
}

void RecordingSink::answer_all(std::uint64_t transfer, const ReadPiece& read) {
    answer(transfer, read);
}

void RecordingSink::data(std::uint64_t transfer, std::string_view content) {
    if (on_data) {
        on_data();
    }
    const std::lock_guard lock(mutex_);
    transfers_.at(transfer) += content;
}

void RecordingSink::end(std::uint64_t transfer, std::uint64_t size, const Digest& sha256) {
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(transfers_.at(transfer).size(), size);
    EXPECT_EQ(farshore::sha256(transfers_.at(transfer)), sha256);
    contents_[sha256] = std::move(transfers_.at(transfer));
    transfers_.erase(transfer);
}

void RecordingSink::abort(std::uint64_t transfer) {
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(transfers_.erase(transfer), 1U);
    aborted += 1;
}

bool RecordingSink::has(const std::string& content) {
    const std::lock_guard lock(mutex_);
    return contents_.contains(farshore::sha256(content));
}

std::size_t RecordingSink::pushed() {
    const std::lock_guard lock(mutex_);
    return contents_.size();
}

void RecordingSink::forget() {
    const std::lock_guard lock(mutex_);
    contents_.clear();
}

TreeFixture::TreeFixture() {
    settings_.stream = StreamName("shop");
    settings_.tree.name = SourceName("files");
    settings_.tree.path = root();
    fs::create_directory(root());
    state_ = std::make_unique<storage::PrimaryState>(directory_ / "state.db");
}

void TreeFixture::write(const std::string& path, const std::string& content) const {
    fs::create_directories(fs::path(at(path)).parent_path());
    test::write_whole(at(path), content);
}

void TreeFixture::open(std::size_t most_watches) {
    make(most_watches);
    source_->start();
}

void TreeFixture::make(std::size_t most_watches) {
    source_.reset();
    auto watcher = std::make_unique<InotifyWatcher>();
    watcher_ = watcher.get();
    watcher->limit_watches(most_watches);
    source_ = std::make_unique<TreeSource>(
        settings_,
        TreeSourceParts{
            .files = files_, .state = *state_, .sink = sink_, .clock = clock_, .random = random_},
        std::move(watcher));
}

void TreeFixture::start() {
    open();
    cut_until_quiet();
}

TreeCut TreeFixture::capture() {
    const ClockReading taken = clock_.read();
    source_->drain();
    source_->drain_again();
    return source_->capture({.taken = taken, .deadline = taken.boot + Duration::from_ms(60'000)});
}

void TreeFixture::commit(const TreeCut& captured) {
    const SourceName tree = settings_.tree.name;
    storage::CutCommit commit(*state_);
    std::set<std::string> seen;
    for (const storage::CapturedEntry& row : captured.puts) {
        EXPECT_TRUE(seen.insert(row.entry.path).second) << row.entry.path;
        commit.put(tree, row);
    }
    for (const std::string& path : captured.removals) {
        EXPECT_TRUE(seen.insert(path).second) << path;
        EXPECT_TRUE(commit.remove(tree, path)) << path;
    }
    for (const auto& [path, identity] : captured.refreshed) {
        EXPECT_TRUE(seen.insert(path).second) << path;
        commit.refresh(tree, path, identity);
    }
    storage::HeldDeletions held(state_->database());
    held.let_go(tree, captured.let_go);
    held.hold(tree, captured.held, clock_.utc_now(), commit.totals(tree).entries);
    commit.set_scanned(tree, captured.first_scan_done, captured.swept);
    commit.commit();
    source_->committed();
}

TreeCut TreeFixture::cut() {
    TreeCut captured = capture();
    commit(captured);
    return captured;
}

TreeCut TreeFixture::cut_until_quiet() {
    TreeCut last;
    for (int i = 0; i < 400; ++i) {
        last = cut();
        if (last.is_current && last.pending.files == 0 && last.puts.empty() &&
            last.removals.empty() && !last.more_to_scan) {
            return last;
        }
        if (!last.more_to_scan) {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
    }
    ADD_FAILURE() << "the tree did not come to rest; pending: " << last.pending.files;
    return last;
}

std::map<std::string, std::string> TreeFixture::index() {
    std::map<std::string, std::string> found;
    state_->walk(settings_.tree.name, "", [&](const storage::CapturedEntry& row) {
        const FileEntry& entry = row.entry;
        if (entry.type == EntryType::file) {
            found[entry.path] = entry.sha256->hex();
        } else if (entry.type == EntryType::symlink) {
            found[entry.path] = "-> " + entry.target;
        } else {
            found[entry.path] = entry.type == EntryType::directory ? "directory" : "special";
        }
        return true;
    });
    return found;
}

std::map<std::string, std::string> TreeFixture::disk() const {
    std::map<std::string, std::string> found{{".", "directory"}};
    for (auto item = fs::recursive_directory_iterator(root()); item != end(item); ++item) {
        const std::string path = item->path().string().substr(root().size() + 1);
        if (path == ".farshore") {
            item.disable_recursion_pending();
        } else if (item->is_symlink()) {
            found[path] = "-> " + fs::read_symlink(item->path()).string();
        } else if (item->is_regular_file()) {
            found[path] = sha256(test::read_whole(item->path())).hex();
        } else {
            found[path] = item->is_directory() ? "directory" : "special";
        }
    }
    return found;
}

FileEntry TreeFixture::entry(const std::string& path) {
    const auto row = state_->find(settings_.tree.name, path);
    EXPECT_TRUE(row.has_value()) << path;
    return row ? row->entry : FileEntry{};
}

std::set<std::string> put_paths(const TreeCut& cut) {
    std::set<std::string> paths;
    for (const storage::CapturedEntry& row : cut.puts) {
        paths.insert(row.entry.path);
    }
    return paths;
}

}  // namespace farshore::primary
