#include "storage/evidence/change_list.hpp"

#include <zstd.h>

#include <algorithm>

#include "protocol/limits.hpp"

namespace farshore::storage {

namespace {

constexpr int compression_level = 3;
constexpr int greatest_window_log = 23;
constexpr std::size_t piece_bytes = 128 * limits::kib;

[[noreturn]] void fail(const std::string& why) {
    throw Error(ErrorCode::malformed, "change list: " + why);
}

}  // namespace

struct ChangeListWriter::Context {
    ZSTD_CCtx* zstd = ZSTD_createCCtx();
    std::string piece = std::string(piece_bytes, '\0');

    Context() {
        FARSHORE_ASSERT(zstd != nullptr);
        ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, compression_level);
        ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
    }
    ~Context() { ZSTD_freeCCtx(zstd); }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
};

ChangeListWriter::ChangeListWriter(std::size_t limit_bytes)
    : context_(std::make_unique<Context>()), limit_bytes_(limit_bytes) {}
ChangeListWriter::~ChangeListWriter() = default;

void ChangeListWriter::compress(std::string_view bytes, bool is_end) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    std::size_t left = 0;
    do {
        ZSTD_outBuffer out{context_->piece.data(), context_->piece.size(), 0};
        left =
            ZSTD_compressStream2(context_->zstd, &out, &in, is_end ? ZSTD_e_end : ZSTD_e_continue);
        FARSHORE_ASSERT(ZSTD_isError(left) == 0);
        bytes_.append(context_->piece.data(), out.pos);
    } while (in.pos < in.size || (is_end && left > 0));
    if (bytes_.size() > limit_bytes_) {
        throw Error(ErrorCode::too_large, "change list: compressed it has more than " +
                                              std::to_string(limit_bytes_) + " bytes");
    }
}

void ChangeListWriter::add(const FileEntry& entry) {
    FARSHORE_ASSERT(count_ == 0 || last_path_ < entry.path);
    last_path_ = entry.path;
    ++count_;
    compress(to_json_line(entry) + "\n", false);
}

ChangeList ChangeListWriter::finish() {
    compress({}, true);
    ChangeList list;
    list.digest = sha256(bytes_);
    list.count = count_;
    list.bytes = std::move(bytes_);
    return list;
}

struct ChangeListReader::Context {
    ZSTD_DCtx* zstd = ZSTD_createDCtx();
    std::string piece = std::string(piece_bytes, '\0');

    Context() {
        FARSHORE_ASSERT(zstd != nullptr);
        ZSTD_DCtx_setParameter(zstd, ZSTD_d_windowLogMax, greatest_window_log);
    }
    ~Context() { ZSTD_freeDCtx(zstd); }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
};

ChangeListReader::ChangeListReader(std::string_view bytes, std::uint64_t count)
    : context_(std::make_unique<Context>()), input_(bytes), count_(count) {}
ChangeListReader::~ChangeListReader() = default;

bool ChangeListReader::inflate_more() {
    if (ended_) {
        return false;
    }
    text_.erase(0, offset_);
    offset_ = 0;
    ZSTD_inBuffer in{input_.data(), input_.size(), 0};
    ZSTD_outBuffer out{context_->piece.data(), context_->piece.size(), 0};
    const std::size_t left = ZSTD_decompressStream(context_->zstd, &out, &in);
    if (ZSTD_isError(left) != 0) {
        fail(std::string("not zstd: ") + ZSTD_getErrorName(left));
    }
    input_.remove_prefix(in.pos);
    text_.append(context_->piece.data(), out.pos);
    if (left == 0) {
        ended_ = true;
        if (!input_.empty()) {
            fail("bytes after the end of the compressed frame");
        }
    } else if (in.pos == 0 && out.pos == 0) {
        fail("the compressed frame ends too early");
    }
    return true;
}

FileEntry ChangeListReader::read_line(std::string_view line) {
    ++read_;
    const std::string place = "line " + std::to_string(read_) + ": ";
    if (read_ > count_) {
        fail("more than " + std::to_string(count_) + " lines");
    }
    Result<FileEntry> entry = parse_json_line(line);
    if (!entry) {
        fail(place + entry.error().message());
    }
    if (read_ > 1 && entry.value().path <= last_path_) {
        fail(place + "not in the order of the paths' bytes");
    }
    last_path_ = entry.value().path;
    return std::move(entry).take();
}

std::optional<FileEntry> ChangeListReader::next() {
    std::size_t searched = offset_;
    while (true) {
        const std::size_t end = text_.find('\n', searched);
        if (end != std::string::npos) {
            const std::size_t begin = offset_;
            offset_ = end + 1;
            return read_line(std::string_view(text_).substr(begin, end - begin));
        }
        const std::size_t unread = text_.size() - offset_;
        if (unread > limits::listing_line) {
            fail("a line over its limit");
        }
        if (!inflate_more()) {
            break;
        }
        searched = unread;  // inflate_more() has moved what was not read to the front
    }
    if (offset_ < text_.size()) {
        fail("the last line has no end");
    }
    if (read_ != count_) {
        fail(std::to_string(read_) + " lines instead of " + std::to_string(count_));
    }
    return std::nullopt;
}

}  // namespace farshore::storage
