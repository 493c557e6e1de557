#include "agent/runtime/bounded_queue.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

namespace farshore::runtime {
namespace {

TEST(BoundedQueue, HandsOutInOrderAndRefusesBeyondItsCapacity) {
    BoundedQueue<std::unique_ptr<int>> queue(2);
    EXPECT_TRUE(queue.try_push(std::make_unique<int>(1)));
    EXPECT_TRUE(queue.push(std::make_unique<int>(2)));
    EXPECT_FALSE(queue.try_push(std::make_unique<int>(3)));
    EXPECT_EQ(queue.size(), 2U);
    EXPECT_EQ(**queue.pop(), 1);
    EXPECT_EQ(**queue.pop(), 2);
    EXPECT_FALSE(queue.pop_for(Duration::from_ms(1)).has_value());
}

TEST(BoundedQueue, APushWaitsForRoom) {
    BoundedQueue<int> queue(1);
    ASSERT_TRUE(queue.push(1));
    std::atomic<bool> pushed{false};
    std::thread producer([&] {
        EXPECT_TRUE(queue.push(2));
        pushed = true;
    });
    EXPECT_EQ(queue.pop(), 1);
    EXPECT_EQ(queue.pop(), 2);
    producer.join();
    EXPECT_TRUE(pushed);
}

TEST(BoundedQueue, CloseLetsWhatIsInsideOutAndNothingIn) {
    BoundedQueue<int> queue(4);
    ASSERT_TRUE(queue.push(1));
    queue.close();
    queue.close();
    EXPECT_TRUE(queue.is_closed());
    EXPECT_FALSE(queue.push(2));
    EXPECT_FALSE(queue.try_push(2));
    EXPECT_EQ(queue.pop(), 1);
    EXPECT_FALSE(queue.pop().has_value());
}

TEST(BoundedQueue, CloseWakesBothSides) {
    BoundedQueue<int> empty(1);
    BoundedQueue<int> full(1);
    ASSERT_TRUE(full.push(1));
    std::thread consumer([&] { EXPECT_FALSE(empty.pop().has_value()); });
    std::thread producer([&] { EXPECT_FALSE(full.push(2)); });
    empty.close();
    full.close();
    consumer.join();
    producer.join();
}

TEST(BoundedQueue, StopWakesBothSides) {
    BoundedQueue<int> empty(1);
    BoundedQueue<int> full(1);
    ASSERT_TRUE(full.push(1));
    StopSource stop;
    std::thread consumer([&] { EXPECT_FALSE(empty.pop(stop.get_token()).has_value()); });
    std::thread producer([&] { EXPECT_FALSE(full.push(2, stop.get_token())); });
    stop.request_stop();
    consumer.join();
    producer.join();
}

}  // namespace
}  // namespace farshore::runtime
