#include "agent/secondary/replica_tree.hpp"

namespace farshore::secondary {

namespace {

std::string new_marker_id(runtime::Random& random) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string id;
    for (const char byte : random.bytes(16)) {
        id.push_back(digits[static_cast<unsigned char>(byte) >> 4]);
        id.push_back(digits[static_cast<unsigned char>(byte) & 15U]);
    }
    return id;
}

}  // namespace

ReplicaTree::ReplicaTree(storage::FileSystem& files, const StreamName& stream,
                         const config::Tree& tree, std::string boot_id)
    : files_(files),
      path_(tree.path),
      boot_id_(std::move(boot_id)),
      guard_(files, {.stream = stream, .tree = tree.name, .path = tree.path, .adopt = tree.adopt}),
      retention_{.keep_deleted = tree.keep_deleted,
                 .keep_replaced = tree.keep_replaced,
                 .limit_bytes = tree.keep_limit_bytes} {}

void ReplicaTree::require_ours(storage::SecondaryState& state, runtime::Random& random) {
    const std::lock_guard lock(mutex_);
    if (open_) {
        guard_.check();
        (void)staging_->restore_directory();  // or nothing could be staged by any session
        return;
    }
    guard_.open(state, [&random] { return new_marker_id(random); });
    // What a received cut still needs is kept; the rest was on its way when the process ended.
    const std::string staged_in = "staged_in." + guard_.tree().str();
    const bool is_same_boot = !boot_id_.empty() && state.fact(staged_in) == boot_id_;
    staging_ = std::make_unique<Staging>(
        files_, guard_.root(),
        [&](const Digest& sha256) { return state.index().needs(guard_.tree(), sha256); },
        is_same_boot);
    // What is there now was read, or is of this boot; so is all that is still to come.
    state.set_fact(staged_in, boot_id_);
    open_ = true;
}

}  // namespace farshore::secondary
