#include "agent/primary/files/content_push.hpp"

#include <memory>
#include <span>

#include "protocol/limits.hpp"

namespace farshore::primary {

namespace {

// Chunks of one message: some megabytes of the file.
constexpr std::size_t chunks_at_once = 64;

}  // namespace

ContentPush::ContentPush(ContentSink& sink, const ContentStart& start) : sink_(sink) {
    try {
        number_ = sink_.begin(start);
    } catch (const Error&) {
        // Nobody is left.
    }
}

ContentPush::ContentPush(ContentSink& sink, const RecipeStart& start, ReadPiece read)
    : sink_(sink), read_(std::move(read)) {
    chunker_.emplace(start.shape);
    try {
        number_ = sink_.begin_recipe(start);
    } catch (const Error&) {
        // Nobody is left.
    }
}

ContentPush::~ContentPush() {
    attempt([&] { sink_.abort(*number_); });
}

template <typename Deed>
void ContentPush::attempt(const Deed& deed) {
    if (!number_) {
        return;
    }
    try {
        deed();
    } catch (const Error&) {
        number_.reset();
    }
}

void ContentPush::data(std::string_view content) {
    if (!chunker_) {
        attempt([&] { sink_.data(*number_, content); });
        return;
    }
    chunker_->feed(content, [&](const Chunk& chunk) { chunks_.push_back(chunk); });
    if (chunks_.size() >= chunks_at_once) {
        send_chunks();
    }
    attempt([&] { sink_.answer(*number_, read_); });
}

void ContentPush::send_chunks() {
    if (!chunks_.empty()) {
        attempt([&] { sink_.chunks(*number_, chunks_); });
        chunks_.clear();
    }
}

void ContentPush::end(std::uint64_t size, const Digest& sha256) {
    if (chunker_) {
        chunker_->finish([&](const Chunk& chunk) { chunks_.push_back(chunk); });
        send_chunks();
        attempt([&] { sink_.answer_all(*number_, read_); });
    }
    attempt([&] { sink_.end(*number_, size, sha256); });
    number_.reset();
}

ReadPiece piece_reader(storage::FileSystem& files, storage::Handle file) {
    return [&files, held = std::make_shared<storage::Handle>(std::move(file))](std::uint64_t offset,
                                                                               std::size_t length) {
        std::string content(length, '\0');
        try {
            content.resize(files.read_at(
                *held, offset, std::as_writable_bytes(std::span(content.data(), length))));
        } catch (const Error& error) {
            if (error.code() != ErrorCode::io) {
                throw;
            }
            content.clear();  // the digest of the whole will not fit, and tell so
        }
        return content;
    };
}

}  // namespace farshore::primary
