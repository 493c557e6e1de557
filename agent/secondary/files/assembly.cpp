#include "agent/secondary/files/assembly.hpp"

#include <algorithm>
#include <span>

#include "protocol/limits.hpp"

namespace farshore::secondary {

Assembly::Assembly(AssemblyParts parts) : parts_(std::move(parts)), index_(parts_.shape) {
    thread_.start("assembly", [this](const runtime::StopToken& stop) { run(stop); });
}

Assembly::~Assembly() {
    thread_.request_stop();
    thread_.join();
}

// --- from the lane

void Assembly::take(RecipeChunks message) {
    const std::lock_guard lock(mutex_);
    chunks_.insert(chunks_.end(), message.chunks.begin(), message.chunks.end());
    if (chunks_.size() > ChunkIndex::most_chunks * 4) {
        throw Error(ErrorCode::malformed, "a recipe has more chunks than any file");
    }
    changed_.notify_all();
}

void Assembly::take(const RecipeEnd& /*message*/) {
    const std::lock_guard lock(mutex_);
    is_complete_ = true;
    changed_.notify_all();
}

void Assembly::take(PiecePatch message) {
    const std::lock_guard lock(mutex_);
    if (failed_) {
        return;
    }
    const auto asked = patches_.find(message.offset);
    if (asked == patches_.end() || asked->second) {
        throw Error(ErrorCode::malformed, "a piece of a file came that was not asked for");
    }
    asked->second = std::move(message);
    changed_.notify_all();
}

bool Assembly::finish(std::uint64_t size, const Digest& sha256, const runtime::StopToken& stop) {
    take(RecipeEnd{parts_.number});
    {
        // The thread may be waiting for room on the disk.
        const std::stop_callback ends(stop, [this] { thread_.request_stop(); });
        thread_.join();
    }
    if (const auto failure = thread_.first_failure()) {
        if (failure->error.action() == Action::stop) {
            throw Error(failure->error);
        }
        return false;
    }
    if (!done_) {
        if (stop.stop_requested()) {
            throw Error(ErrorCode::cancelled, "the session has ended");
        }
        return false;
    }
    try {
        parts_.with_room([&] { parts_.target->end(size, sha256); }, stop);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::bad_checksum) {
            throw;
        }
        return false;  // a base changed while it was read, or two chunks were taken for one
    }
    return true;
}

// --- the thread

void Assembly::run(const runtime::StopToken& stop) {
    try {
        look_through_bases(stop);
        while (wait(stop)) {
            const Step step = steps_.front();
            steps_.pop_front();
            perform(step, stop);
        }
        done_ = !stop.stop_requested();
    } catch (const Error&) {
        {
            const std::lock_guard lock(mutex_);
            failed_ = true;
            patches_.clear();
        }
        say_last();
        throw;
    }
}

void Assembly::look_through_bases(const runtime::StopToken& stop) {
    look_through_target(stop);
    for (std::size_t base = 0; base < parts_.bases.size(); ++base) {
        index_.add(parts_.files, parts_.bases[base], base, stop);
    }
    index_.finish();
}

void Assembly::look_through_target(const runtime::StopToken& stop) {
    Chunker chunker(parts_.shape);
    std::uint64_t end_of_last = 0;
    const auto take = [&](const Chunk& chunk) {
        in_place_.emplace_hint(in_place_.end(), end_of_last, chunk);
        end_of_last += chunk.length;
    };
    for (std::uint64_t offset = 0; offset < parts_.target->found() && !stop.stop_requested() &&
                                   in_place_.size() < ChunkIndex::most_chunks;) {
        const std::string piece = read(parts_.target->file(), offset, limits::payload_piece);
        if (piece.empty()) {
            break;
        }
        chunker.feed(piece, take);
        offset += piece.size();
    }
    chunker.finish(take);
}

bool Assembly::wait(const runtime::StopToken& stop) {
    while (!stop.stop_requested()) {
        plan_ahead();
        std::unique_lock lock(mutex_);
        if (steps_.empty()) {
            if (is_complete_ && chunks_.empty()) {
                return false;
            }
            changed_.wait(lock, stop, [&] { return is_complete_ || !chunks_.empty(); });
            continue;
        }
        const Step& next = steps_.front();
        if (next.from != Step::From::primary || patches_.at(next.offset)) {
            return true;
        }
        changed_.wait(lock, stop, [&] {
            return patches_.at(next.offset) || (ahead_ < most_ahead && !chunks_.empty());
        });
    }
    return false;
}

std::optional<Chunk> Assembly::next_chunk() {
    const std::lock_guard lock(mutex_);
    if (chunks_.empty()) {
        return std::nullopt;
    }
    const Chunk chunk = chunks_.front();
    chunks_.pop_front();
    return chunk;
}

void Assembly::plan_ahead() {
    PiecesWanted wanted{.transfer = parts_.number, .last = false, .pieces = {}};
    while (ahead_ < most_ahead) {
        const std::optional<Chunk> chunk = next_chunk();
        if (!chunk) {
            break;
        }
        if (chunk->length > parts_.shape.most()) {
            throw Error(ErrorCode::malformed, "a chunk is larger than its recipe allows");
        }
        plan(*chunk, wanted);
    }
    if (!wanted.pieces.empty()) {
        parts_.ask(wanted);
    }
    const auto is_over = [&] {
        const std::lock_guard lock(mutex_);
        return is_complete_ && chunks_.empty();
    };
    if (is_over()) {
        say_last();
    }
}

void Assembly::say_last() {
    if (!std::exchange(said_last_, true)) {
        parts_.ask({.transfer = parts_.number, .last = true, .pieces = {}});
    }
}

bool Assembly::is_in_place(const Chunk& chunk) const {
    const auto found = in_place_.find(planned_);
    return found != in_place_.end() && found->second == chunk;
}

void Assembly::plan(const Chunk& chunk, PiecesWanted& wanted) {
    Step step{.offset = planned_, .length = chunk.length, .from = {}, .likely = {}};
    if (is_in_place(chunk)) {
        step.from = Step::From::place;
    } else if (const auto place = index_.find(chunk, cursor_)) {
        step.from = Step::From::base;
        step.likely = place;
        cursor_ = *place;
    } else {
        for (std::uint32_t done = 0; done < chunk.length;) {
            // Pieces meet at the file's pages, and none has more of them than a message may name.
            const std::uint64_t offset = planned_ + done;
            const std::uint32_t length = static_cast<std::uint32_t>(std::min<std::uint64_t>(
                chunk.length - done, limits::payload_piece - offset % limits::recipe_page));
            want(offset, length, wanted);
            cursor_.offset += length;
            done += length;
        }
        planned_ += chunk.length;
        return;
    }
    steps_.push_back(step);
    planned_ += chunk.length;
    cursor_.offset += chunk.length;
}

void Assembly::want(std::uint64_t offset, std::uint32_t length, PiecesWanted& wanted) {
    Step step{.offset = offset, .length = length, .from = Step::From::primary, .likely = {}};
    WantedPiece piece{.offset = offset, .length = length, .pages = {}};
    if (cursor_.base < parts_.bases.size()) {
        // Much of it may be as it was: a database's file changes by the page.
        piece.pages = page_hashes(read(parts_.bases[cursor_.base], cursor_.offset, length), offset,
                                  parts_.shape.seed);
        if (!piece.pages.empty()) {
            step.likely = cursor_;
        }
    }
    wanted.pieces.push_back(std::move(piece));
    {
        const std::lock_guard lock(mutex_);
        patches_.emplace(offset, std::nullopt);
    }
    steps_.push_back(step);
    ahead_ += length;
    if (wanted.pieces.size() == limits::wanted_pieces) {
        parts_.ask(wanted);
        wanted.pieces.clear();
    }
}

std::string Assembly::read(const storage::Handle& file, std::uint64_t offset,
                           std::size_t length) const {
    std::string content(length, '\0');
    content.resize(parts_.files.read_at(
        file, offset, std::as_writable_bytes(std::span(content.data(), content.size()))));
    return content;
}

void Assembly::perform(const Step& step, const runtime::StopToken& stop) {
    if (step.from == Step::From::primary) {
        PiecePatch patch;
        {
            const std::lock_guard lock(mutex_);
            auto asked = patches_.extract(step.offset);
            patch = std::move(*asked.mapped());
        }
        ahead_ -= step.length;
        apply(step, patch, stop);
        return;
    }
    for (std::uint32_t done = 0; done < step.length;) {
        const std::size_t length = std::min<std::size_t>(step.length - done, limits::payload_piece);
        const bool in_place = step.from == Step::From::place;
        const std::string content =
            in_place ? read(parts_.target->file(), step.offset + done, length)
                     : read(parts_.bases[step.likely->base], step.likely->offset + done, length);
        if (content.size() != length) {
            throw Error(ErrorCode::io, "a file became shorter while a new version was made of it");
        }
        if (in_place) {
            parts_.target->data_in_place(content);
        } else {
            parts_.with_room([&] { parts_.target->data(content); }, stop);
        }
        done += static_cast<std::uint32_t>(length);
    }
}

void Assembly::apply(const Step& step, const PiecePatch& patch, const runtime::StopToken& stop) {
    std::string content;
    if (step.likely) {
        content = read(parts_.bases[step.likely->base], step.likely->offset, step.length);
    }
    content.resize(step.length);
    for (const PiecePatch::Run& run : patch.runs) {
        if (run.at + run.content.size() > step.length) {
            throw Error(ErrorCode::malformed, "a patch is longer than its piece");
        }
        content.replace(run.at, run.content.size(), run.content);
    }
    parts_.with_room([&] { parts_.target->data(content); }, stop);
}

}  // namespace farshore::secondary
