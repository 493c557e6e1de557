#include "agent/daemon/put_upload.hpp"

#include <utility>

#include "agent/primary/files/put_file.hpp"

namespace farshore::daemon {

namespace {

class TreeUpload final : public control::PutUpload {
  public:
    TreeUpload(Services& services, primary::Primary& role, primary::TreeSource& tree,
               control::PutRequest request)
        : services_(services),
          role_(role),
          request_(std::move(request)),
          began_(services.clock.boot_now()),
          file_(tree.put({.path = request_.path, .mode = request_.mode, .mtime = request_.mtime})) {
    }

    void write(std::span<const std::byte> content) override {
        file_->write(content);
        size_ += content.size();
    }

    [[nodiscard]] control::PutResult finish(const runtime::StopToken& stop) override {
        if (request_.size && *request_.size != size_) {
            throw Error(ErrorCode::connection_lost, "of " + std::to_string(*request_.size) +
                                                        " bytes only " + std::to_string(size_) +
                                                        " came");
        }
        const primary::PlacedFile placed = file_->place();
        // A secondary checks the SHA-256 of whatever it receives: applied means, with the same one.
        const primary::MarkFacts mark = role_.flush(true, request_.timeout, stop);
        return {.tree = request_.tree,
                .path = request_.path,
                .size = placed.size,
                .sha256 = placed.sha256,
                .mark = mark.mark,
                .waited_seconds = (services_.clock.boot_now() - began_).seconds()};
    }

  private:
    Services& services_;
    primary::Primary& role_;
    control::PutRequest request_;
    BootTime began_;
    std::unique_ptr<primary::PutFile> file_;
    std::uint64_t size_ = 0;
};

}  // namespace

std::unique_ptr<control::PutUpload> begin_put(Services& services, primary::Primary& role,
                                              const control::PutRequest& request) {
    primary::TreeSource* const tree = role.tree(request.tree);
    if (tree == nullptr) {
        throw Error(ErrorCode::bad_name, "the config has no tree " + request.tree.str());
    }
    return std::make_unique<TreeUpload>(services, role, *tree, request);
}

}  // namespace farshore::daemon
