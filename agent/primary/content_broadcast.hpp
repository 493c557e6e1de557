#pragma once
// Captured content to every secondary that is connected.

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "agent/primary/bulk_sender.hpp"
#include "agent/primary/files/content_sink.hpp"

namespace farshore::primary {

// Invariants: of small files a session that fails or falls behind is left out, and no cut waits for
// it: it asks for what it lacks. A large file goes at the pace of the slowest session; only one
// that fails is left out.
class ContentBroadcast final : public ContentSink {
  public:
    void add(std::shared_ptr<BulkSender> session);
    void remove(const std::shared_ptr<BulkSender>& session);

    [[nodiscard]] bool is_connected() override;
    // By one at least, or nobody is there.
    [[nodiscard]] bool has_room() override;
    void whole(const SourceName& tree, const Digest& sha256, std::string_view content) override;
    void flush() override;
    [[nodiscard]] bool has_begun(const SourceName& tree, const std::string& path) override;
    [[nodiscard]] std::uint64_t begin(const ContentStart& start) override;
    void data(std::uint64_t transfer, std::string_view content) override;
    [[nodiscard]] std::uint64_t begin_recipe(const RecipeStart& start) override;
    void chunks(std::uint64_t transfer, const std::vector<Chunk>& chunks) override;
    void answer(std::uint64_t transfer, const ReadPiece& read) override;
    void answer_all(std::uint64_t transfer, const ReadPiece& read) override;
    void end(std::uint64_t transfer, std::uint64_t size, const Digest& sha256) override;
    void abort(std::uint64_t transfer) override;

  private:
    struct Leg {
        std::shared_ptr<BulkSender> session;
        std::uint64_t transfer = 0;
        bool failed = false;
    };

    [[nodiscard]] std::vector<std::shared_ptr<BulkSender>> sessions();
    template <typename F>
    [[nodiscard]] std::uint64_t begin_on_each(F&& begin);
    // The legs of a transfer are used by its one thread only.
    [[nodiscard]] std::vector<Leg>& legs(std::uint64_t transfer);
    template <typename F>
    void on_each(std::uint64_t transfer, F&& send);

    std::mutex mutex_;
    std::vector<std::shared_ptr<BulkSender>> sessions_;
    std::map<std::uint64_t, std::vector<Leg>> transfers_;
    std::uint64_t next_ = 0;
};

// The sink of one session: content that its secondary asked for. Waits for room on the lane.
class SessionSink final : public ContentSink {
  public:
    explicit SessionSink(BulkSender& session) : session_(session) {}

    [[nodiscard]] bool is_connected() override { return true; }
    void whole(const SourceName& tree, const Digest& sha256, std::string_view content) override {
        session_.whole(tree, sha256, content);
    }
    [[nodiscard]] bool has_begun(const SourceName& tree, const std::string& path) override {
        return session_.has_begun(tree, path);
    }
    [[nodiscard]] std::uint64_t begin(const ContentStart& start) override {
        return session_.begin(start);
    }
    void data(std::uint64_t transfer, std::string_view content) override {
        session_.data(transfer, content);
    }
    [[nodiscard]] std::uint64_t begin_recipe(const RecipeStart& start) override {
        return session_.begin_recipe(start);
    }
    void chunks(std::uint64_t transfer, const std::vector<Chunk>& chunks) override {
        session_.chunks(transfer, chunks);
    }
    void answer(std::uint64_t transfer, const ReadPiece& read) override {
        session_.answer(transfer, read);
    }
    void answer_all(std::uint64_t transfer, const ReadPiece& read) override {
        session_.answer_all(transfer, read);
    }
    void end(std::uint64_t transfer, std::uint64_t size, const Digest& sha256) override {
        session_.end(transfer, size, sha256);
    }
    void abort(std::uint64_t transfer) override { session_.abort(transfer); }

  private:
    BulkSender& session_;
};

}  // namespace farshore::primary
