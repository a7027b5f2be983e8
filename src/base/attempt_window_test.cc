#include "base/attempt_window.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <atomic>
#include <deque>
#include <set>
#include <string>
#include <thread>

namespace kronborg::base {
namespace {

class SetClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t now_ms() const override { return now_ms_; }
  void step(std::int64_t ms) { now_ms_ += ms; }

 private:
  std::atomic<std::int64_t> now_ms_{1'767'225'601'000};
};

Source numbered(std::uint64_t number) { return {.kind = Source::Kind::ipv4, .network = number}; }

constexpr std::int64_t admitted = 0;

struct Window {
  explicit Window(AttemptRule rule = {}) : window(clock, rule) {}
  std::int64_t ask(std::uint64_t source = 1) {
    return window.admit(numbered(source)).value_or(admitted);
  }
  SetClock clock;
  AttemptWindow window;
};

TEST(AttemptWindow, FiveInAnySixtySeconds) {
  Window w;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(w.ask(), admitted);
    w.clock.step(1000);
  }
  EXPECT_EQ(w.ask(), 55);
  EXPECT_EQ(w.ask(2), admitted);
  w.clock.step(54'001);
  EXPECT_EQ(w.ask(), 1);
  w.clock.step(999);
  EXPECT_EQ(w.ask(), admitted);
  EXPECT_EQ(w.ask(), 1);
}

TEST(AttemptWindow, RefusedAttemptsAreNotCounted) {
  Window w;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(w.ask(), admitted);
  for (int i = 0; i < 59; ++i) {
    EXPECT_EQ(w.ask(), 60 - i);
    w.clock.step(1000);
  }
  w.clock.step(1000);
  EXPECT_EQ(w.ask(), admitted);
}

TEST(AttemptWindow, ACooldownRefusesAllAndEnds) {
  Window w;
  w.window.cool_down(numbered(1), 30'000);
  EXPECT_EQ(w.ask(), 30);
  EXPECT_EQ(w.ask(2), admitted);
  w.clock.step(29'999);
  EXPECT_EQ(w.ask(), 1);
  w.window.cool_down(numbered(1), 30'000);
  w.clock.step(1);
  EXPECT_EQ(w.ask(), 30);
  w.clock.step(29'999);
  EXPECT_EQ(w.ask(), admitted);
}

TEST(AttemptWindow, AShorterCooldownEndsNoLongerOne) {
  Window w;
  w.window.cool_down(numbered(1), 30'000);
  w.window.cool_down(numbered(1), 10'000);
  EXPECT_EQ(w.ask(), 30);
}

// docs/protocol/secure-channel.md section 1: 30 in 60 s, then 10 s.
TEST(AttemptWindow, BeingOverMayCostACooldown) {
  Window w({.attempts = 30, .window_ms = 60'000, .cooldown_over_ms = 10'000});
  for (int i = 0; i < 30; ++i) EXPECT_EQ(w.ask(), admitted);
  w.clock.step(55'000);
  EXPECT_EQ(w.ask(), 10);
  w.clock.step(9'000);
  EXPECT_EQ(w.ask(), 1);
  w.clock.step(1'000);
  EXPECT_EQ(w.ask(), admitted);
}

TEST(AttemptWindow, WhenFullTheLongestIdleWithoutACooldownGoes) {
  Window w({.attempts = 5, .window_ms = 60'000, .cooldown_over_ms = 0, .sources = 3});
  for (std::uint64_t source : {1, 2, 3}) {
    for (int i = 0; i < 4; ++i) EXPECT_EQ(w.ask(source), admitted);
  }
  w.window.cool_down(numbered(1), 30'000);
  EXPECT_EQ(w.ask(2), admitted);  // the fifth; 3 is now the longest idle
  EXPECT_EQ(w.ask(4), admitted);
  EXPECT_EQ(w.window.sources(), 3U);
  EXPECT_EQ(w.ask(1), 30);
  EXPECT_EQ(w.ask(2), 60);
}

TEST(AttemptWindow, WhenAllPlacesCoolDownNewSourcesAreRefused) {
  Window w({.attempts = 5, .window_ms = 60'000, .cooldown_over_ms = 0, .sources = 2});
  w.window.cool_down(numbered(1), 30'000);
  w.clock.step(10'000);
  w.window.cool_down(numbered(2), 30'000);
  EXPECT_EQ(w.ask(3), 20);
  w.window.cool_down(numbered(3), 30'000);
  EXPECT_EQ(w.window.sources(), 2U);
  w.clock.step(20'000);
  EXPECT_EQ(w.ask(3), admitted);
}

TEST(AttemptWindow, AClockThatStepsBackLengthensNothing) {
  Window w;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(w.ask(), admitted);
  w.window.cool_down(numbered(2), 30'000);
  w.clock.step(-3'600'000);
  EXPECT_EQ(w.ask(1), 60);
  EXPECT_EQ(w.ask(2), 30);
  w.clock.step(60'000);
  EXPECT_EQ(w.ask(1), admitted);
  EXPECT_EQ(w.ask(2), admitted);
}

TEST(AttemptWindow, ThreadsTogetherGetNoMoreThanOne) {
  Window w;
  std::atomic<int> through{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 100; ++i) through += w.ask() == admitted ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(through, 5);
}

// Against the plainest model there is: a list of the times of each source.
RC_GTEST_PROP(AttemptWindowProperty, IsWhatTheModelSays, ()) {
  Window w({.attempts = 3, .window_ms = 60'000, .cooldown_over_ms = 0, .sources = 100});
  std::map<std::uint64_t, std::deque<std::int64_t>> tried;
  std::map<std::uint64_t, std::int64_t> cools;
  const auto steps = *rc::gen::container<std::vector<std::tuple<int, int, int>>>(
      rc::gen::tuple(rc::gen::inRange(0, 4), rc::gen::inRange(0, 30'000), rc::gen::inRange(0, 8)));
  for (const auto& [source, wait, kind] : steps) {
    w.clock.step(wait);
    const auto key = static_cast<std::uint64_t>(source);
    const std::int64_t now = w.clock.now_ms();
    if (kind == 0) {
      w.window.cool_down(numbered(key), 30'000);
      cools[key] = now + 30'000;
      continue;
    }
    auto& times = tried[key];
    while (!times.empty() && times.front() <= now - 60'000) times.pop_front();
    const bool expected = now >= cools[key] && times.size() < 3;
    RC_ASSERT((w.ask(key) == admitted) == expected);
    if (expected) times.push_back(now);
  }
}

RC_GTEST_PROP(AttemptWindowProperty, NeverRemembersMoreThanItsPlaces, ()) {
  Window w({.attempts = 2, .window_ms = 60'000, .cooldown_over_ms = 0, .sources = 5});
  for (const auto& [source, cools] : *rc::gen::container<std::vector<std::pair<int, bool>>>(
           rc::gen::pair(rc::gen::inRange(0, 20), rc::gen::arbitrary<bool>()))) {
    const auto key = static_cast<std::uint64_t>(source);
    if (cools) {
      w.window.cool_down(numbered(key), 30'000);
      // Either it is remembered and refused, or new and refused.
      RC_ASSERT(w.ask(key) > 0);
    } else {
      w.ask(key);
    }
    RC_ASSERT(w.window.sources() <= 5U);
    w.clock.step(100);
  }
}

}  // namespace
}  // namespace kronborg::base
