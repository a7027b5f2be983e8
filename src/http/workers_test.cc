#include "http/workers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <future>
#include <latch>
#include <stdexcept>
#include <thread>

namespace kronborg::http {
namespace {

TEST(Workers, RunsAllWorkBeforeTheEnd) {
  std::atomic<int> done = 0;
  {
    Workers workers(4, 1000);
    for (int i = 0; i < 500; ++i) ASSERT_TRUE(workers.post([&done] { ++done; }));
  }
  EXPECT_EQ(done, 500);
}

TEST(Workers, GrowsToItsThreadsAndNoFurther) {
  std::latch three(3);
  std::latch release(1);
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  Workers workers(3, 100);  // ends before what its work uses
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(workers.post([&] {
      const int now = ++running;
      int seen = most;
      while (now > seen && !most.compare_exchange_weak(seen, now)) {
      }
      if (now <= 3 && !three.try_wait()) three.count_down();
      release.wait();
      --running;
    }));
  }
  three.wait();  // would never end with fewer threads
  EXPECT_EQ(most, 3);
  release.count_down();
}

TEST(Workers, RefusesWhenTheQueueIsFull) {
  std::promise<void> begun;
  std::latch release(1);
  Workers workers(1, 2);
  ASSERT_TRUE(workers.post([&] {
    begun.set_value();
    release.wait();
  }));
  begun.get_future().wait();
  EXPECT_TRUE(workers.post([] {}));
  EXPECT_TRUE(workers.post([] {}));
  EXPECT_FALSE(workers.post([] {}));
  release.count_down();
}

TEST(Workers, RunLeavesTheLoopAndComesBack) {
  Workers workers(2, 10);
  asio::io_context loop(1);
  std::thread::id worked;
  std::thread::id resumed;
  bool ran = false;
  std::string caught;
  asio::co_spawn(
      loop,
      [&]() -> asio::awaitable<void> {
        ran = co_await workers.run([&] { worked = std::this_thread::get_id(); });
        resumed = std::this_thread::get_id();
        try {
          co_await workers.run([] { throw std::runtime_error("broken"); });
        } catch (const std::runtime_error& error) {
          caught = error.what();
        }
      },
      [](std::exception_ptr) {});
  loop.run();
  EXPECT_TRUE(ran);
  EXPECT_TRUE(worked != std::this_thread::get_id());
  EXPECT_TRUE(resumed == std::this_thread::get_id());
  EXPECT_EQ(caught, "broken");
}

TEST(Workers, RunSaysThatTheQueueIsFull) {
  Workers workers(1, 0);
  asio::io_context loop(1);
  bool ran = true;
  bool touched = false;
  asio::co_spawn(
      loop, [&]() -> asio::awaitable<void> { ran = co_await workers.run([&] { touched = true; }); },
      [](std::exception_ptr) {});
  loop.run();
  EXPECT_FALSE(ran);
  EXPECT_FALSE(touched);
}

}  // namespace
}  // namespace kronborg::http
