#pragma once
// One bulk lane: content into the staging of its tree.

#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "agent/connection/lane.hpp"
#include "agent/runtime/stop_token.hpp"
#include "agent/secondary/fault_board.hpp"
#include "agent/secondary/files/assembly.hpp"
#include "agent/secondary/replica_tree.hpp"
#include "protocol/message_content.hpp"
#include "protocol/message_pack.hpp"
#include "protocol/message_recipe.hpp"

namespace farshore::secondary {

// Invariants: a content message is counted as processed only when its content is staged, or was
// found bad and dropped. A full disk stops the lane until there is room: nothing is dropped for it.
class BulkReceiver {
  public:
    using Trees = std::map<SourceName, std::shared_ptr<ReplicaTree>>;
    // `processed`: how many messages that end a content are done with.
    BulkReceiver(const Trees& trees, FaultBoard& faults, storage::FileSystem& files,
                 std::function<void(std::uint64_t count)> processed);

    // Blocks until stop, or throws the lane's Error or malformed.
    void run(connection::Lane& lane, const runtime::StopToken& stop);

  private:
    // A large file: as it is, or by its recipe. Without either: what it was to begin with is not
    // here, and the rest is of no use.
    struct Incoming {
        ReplicaTree* replica = nullptr;
        std::unique_ptr<Staging::Transfer> transfer;
        std::unique_ptr<Assembly> assembly;
        bool is_on_base = false;  // part of it is from files of this host
    };

    void take(const Frame& frame, connection::Lane& lane, const runtime::StopToken& stop);
    void take_whole(const ContentWhole& message, const runtime::StopToken& stop);
    void take_pack(const ContentPack& message, const runtime::StopToken& stop);
    void take_begin(const ContentBegin& message, const runtime::StopToken& stop);
    void take_data(const ContentData& message, const runtime::StopToken& stop);
    void take_recipe(const RecipeBegin& message, connection::Lane& lane,
                     const runtime::StopToken& stop);
    void take_end(const ContentEnd& message, const runtime::StopToken& stop);
    // What a content goes behind; nullopt when it is not here.
    [[nodiscard]] std::optional<storage::Handle> open_base(const ContentBegin& message,
                                                           const ReplicaTree& replica) const;
    void copy_prefix(const ContentBegin& message, Incoming& incoming,
                     const runtime::StopToken& stop);
    [[nodiscard]] ReplicaTree& tree(const SourceName& name) const;
    [[nodiscard]] Incoming& incoming(std::uint64_t transfer);
    [[nodiscard]] Assembly& assembly(std::uint64_t transfer);
    void require_new(std::uint64_t transfer) const;
    // False when it is not what it should be, and this side may be the cause.
    [[nodiscard]] bool end_transfer(Incoming& ended, const ContentEnd& message,
                                    const runtime::StopToken& stop);
    void count() { processed_(++count_); }
    // Does it, again and again while the disk is full.
    void with_room(const SourceName& name, const runtime::StopToken& stop,
                   const std::function<void()>& deed);

    const Trees& trees_;
    FaultBoard& faults_;
    storage::FileSystem& files_;
    std::function<void(std::uint64_t)> processed_;
    std::uint64_t count_ = 0;
    std::map<std::uint64_t, Incoming> transfers_;
};

}  // namespace farshore::secondary
