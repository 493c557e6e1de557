#include "protocol/compression.hpp"

#include <zstd.h>

#include <charconv>

#include "protocol/limits.hpp"

namespace farshore {

namespace {

constexpr int highest_level = 19;  // above it zstd takes memory by the hundred MiB
constexpr std::size_t smallest_body = 128;
constexpr std::size_t sample_bytes = 4 * limits::kib;
constexpr std::size_t sampled_body = 4 * sample_bytes;  // smaller ones are tried whole

bool pays(std::size_t before, std::size_t after) {
    return after < before - before / 16;
}

}  // namespace

Result<CompressionChoice> parse_compression(std::string_view text) {
    using Mode = CompressionChoice::Mode;
    if (text == "auto") {
        return CompressionChoice{Mode::automatic, 1};
    }
    if (text == "none") {
        return CompressionChoice{Mode::none, 0};
    }
    int level = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), level);
    if (error != std::errc() || end != text.data() + text.size() || level < 1 ||
        level > highest_level) {
        return Error(ErrorCode::bad_config, "compression \"" + std::string(text) +
                                                "\" is none of \"auto\", \"none\", 1 to 19");
    }
    return CompressionChoice{Mode::level, level};
}

struct Compressor::Context {
    ZSTD_CCtx* zstd = ZSTD_createCCtx();

    Context() { FARSHORE_ASSERT(zstd != nullptr); }
    ~Context() { ZSTD_freeCCtx(zstd); }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
};

Compressor::Compressor(CompressionChoice choice)
    : choice_(choice),
      context_(choice.mode == CompressionChoice::Mode::none ? nullptr
                                                            : std::make_unique<Context>()) {}
Compressor::~Compressor() = default;
Compressor::Compressor(Compressor&&) noexcept = default;
Compressor& Compressor::operator=(Compressor&&) noexcept = default;

bool Compressor::sample_shrinks(std::string_view body) {
    std::string out(ZSTD_compressBound(sample_bytes), '\0');
    const std::string_view sample = body.substr(body.size() / 2, sample_bytes);
    const std::size_t size = ZSTD_compressCCtx(context_->zstd, out.data(), out.size(),
                                               sample.data(), sample.size(), choice_.level);
    return ZSTD_isError(size) == 0 && pays(sample.size(), size);
}

std::optional<std::string> Compressor::compress(std::string_view body) {
    if (choice_.mode == CompressionChoice::Mode::none || body.size() < smallest_body) {
        return std::nullopt;
    }
    if (choice_.mode == CompressionChoice::Mode::automatic && body.size() >= sampled_body &&
        !sample_shrinks(body)) {
        return std::nullopt;
    }
    std::string out(ZSTD_compressBound(body.size()), '\0');
    const std::size_t size = ZSTD_compressCCtx(context_->zstd, out.data(), out.size(), body.data(),
                                               body.size(), choice_.level);
    if (ZSTD_isError(size) != 0 || !pays(body.size(), size)) {
        return std::nullopt;
    }
    out.resize(size);
    return out;
}

struct Decompressor::Context {
    ZSTD_DCtx* zstd = ZSTD_createDCtx();

    Context() { FARSHORE_ASSERT(zstd != nullptr); }
    ~Context() { ZSTD_freeDCtx(zstd); }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
};

Decompressor::Decompressor() : context_(std::make_unique<Context>()) {}
Decompressor::~Decompressor() = default;
Decompressor::Decompressor(Decompressor&&) noexcept = default;
Decompressor& Decompressor::operator=(Decompressor&&) noexcept = default;

Result<std::string> Decompressor::inflate(std::string_view wire, std::size_t body_bytes) {
    std::string out(body_bytes, '\0');
    const std::size_t size =
        ZSTD_decompressDCtx(context_->zstd, out.data(), out.size(), wire.data(), wire.size());
    if (ZSTD_isError(size) != 0) {
        return Error(ErrorCode::malformed,
                     std::string("a body can't be inflated: ") + ZSTD_getErrorName(size));
    }
    if (size != body_bytes) {
        return Error(ErrorCode::malformed, "a body inflates to " + std::to_string(size) +
                                               " bytes where its header says " +
                                               std::to_string(body_bytes));
    }
    return out;
}

}  // namespace farshore
