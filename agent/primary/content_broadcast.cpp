#include "agent/primary/content_broadcast.hpp"

#include <algorithm>

namespace farshore::primary {

void ContentBroadcast::add(std::shared_ptr<BulkSender> session) {
    const std::lock_guard lock(mutex_);
    sessions_.push_back(std::move(session));
}

void ContentBroadcast::remove(const std::shared_ptr<BulkSender>& session) {
    const std::lock_guard lock(mutex_);
    std::erase(sessions_, session);
}

std::vector<std::shared_ptr<BulkSender>> ContentBroadcast::sessions() {
    const std::lock_guard lock(mutex_);
    return sessions_;
}

bool ContentBroadcast::is_connected() {
    return !sessions().empty();
}

bool ContentBroadcast::has_room() {
    const auto all = sessions();
    return all.empty() || std::any_of(all.begin(), all.end(),
                                      [](const auto& session) { return session->has_room(); });
}

void ContentBroadcast::whole(const SourceName& tree, const Digest& sha256,
                             std::string_view content) {
    for (const auto& session : sessions()) {
        try {
            if (session->has_room()) {
                session->push(tree, sha256, content);
            }
        } catch (const Error&) {
            remove(session);  // its lane is closed: the session is ending
        }
    }
}

void ContentBroadcast::flush() {
    for (const auto& session : sessions()) {
        try {
            session->flush_pushed();
        } catch (const Error&) {
            remove(session);
        }
    }
}

bool ContentBroadcast::has_begun(const SourceName& tree, const std::string& path) {
    const auto all = sessions();
    return std::any_of(all.begin(), all.end(),
                       [&](const auto& session) { return session->has_begun(tree, path); });
}

template <typename F>
std::uint64_t ContentBroadcast::begin_on_each(F&& begin) {
    std::vector<Leg> begun;
    for (const auto& session : sessions()) {
        try {
            begun.push_back({session, begin(*session), false});
        } catch (const Error&) {
            remove(session);
        }
    }
    const std::lock_guard lock(mutex_);
    const std::uint64_t transfer = next_++;
    transfers_[transfer] = std::move(begun);
    return transfer;
}

std::uint64_t ContentBroadcast::begin(const ContentStart& start) {
    return begin_on_each([&](BulkSender& session) { return session.begin(start); });
}

std::uint64_t ContentBroadcast::begin_recipe(const RecipeStart& start) {
    return begin_on_each([&](BulkSender& session) { return session.begin_recipe(start); });
}

std::vector<ContentBroadcast::Leg>& ContentBroadcast::legs(std::uint64_t transfer) {
    const std::lock_guard lock(mutex_);
    return transfers_.at(transfer);
}

template <typename F>
void ContentBroadcast::on_each(std::uint64_t transfer, F&& send) {
    std::vector<Leg>& all = legs(transfer);
    for (Leg& leg : all) {
        if (leg.failed) {
            continue;
        }
        try {
            send(leg);
        } catch (const Error&) {
            leg.failed = true;
        }
    }
    const bool lost =
        std::all_of(all.begin(), all.end(), [](const Leg& leg) { return leg.failed; });
    if (lost) {
        throw Error(ErrorCode::connection_lost, "nobody is left to take this content");
    }
}

void ContentBroadcast::data(std::uint64_t transfer, std::string_view content) {
    on_each(transfer, [&](Leg& leg) { leg.session->data(leg.transfer, content); });
}

void ContentBroadcast::chunks(std::uint64_t transfer, const std::vector<Chunk>& chunks) {
    on_each(transfer, [&](Leg& leg) { leg.session->chunks(leg.transfer, chunks); });
}

void ContentBroadcast::answer(std::uint64_t transfer, const ReadPiece& read) {
    on_each(transfer, [&](Leg& leg) { leg.session->answer(leg.transfer, read); });
}

void ContentBroadcast::answer_all(std::uint64_t transfer, const ReadPiece& read) {
    on_each(transfer, [&](Leg& leg) { leg.session->answer_all(leg.transfer, read); });
}

void ContentBroadcast::end(std::uint64_t transfer, std::uint64_t size, const Digest& sha256) {
    try {
        on_each(transfer, [&](Leg& leg) { leg.session->end(leg.transfer, size, sha256); });
    } catch (const Error&) {
        // The content is what it is; who lacks it will ask.
    }
    const std::lock_guard lock(mutex_);
    transfers_.erase(transfer);
}

void ContentBroadcast::abort(std::uint64_t transfer) {
    try {
        on_each(transfer, [&](Leg& leg) { leg.session->abort(leg.transfer); });
    } catch (const Error&) {
        // Nobody is left who would have to be told.
    }
    const std::lock_guard lock(mutex_);
    transfers_.erase(transfer);
}

}  // namespace farshore::primary
