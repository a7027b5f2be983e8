#include "api/rate_limit.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <boost/json/array.hpp>
#include <map>
#include <string>
#include <thread>

#include "api/fixture_test.h"

namespace kronborg::api {
namespace {

constexpr RatePolicy three{.name = "three", .quota = 3, .window_s = 60};
constexpr RatePolicy discovery_policy{.name = "discovery", .quota = 300, .window_s = 60};
constexpr RatePolicy source_policy{.name = "source", .quota = 1200, .window_s = 60};
constexpr RatePolicy ten{.name = "ten", .quota = 10, .window_s = 60};

class RateTest : public testing::Test {
 protected:
  SetClock clock;
  base::SystemRandom random;
  RateLimiter limiter{clock, random};

  bool take(std::string_view source) { return limiter.take(source, std::array{three}).allowed; }
};

TEST_F(RateTest, ABucketHoldsItsQuotaAndRefillsEvenly) {
  EXPECT_TRUE(take("192.0.2.1"));
  EXPECT_TRUE(take("192.0.2.1"));
  EXPECT_TRUE(take("192.0.2.1"));
  EXPECT_FALSE(take("192.0.2.1"));
  EXPECT_TRUE(take("192.0.2.2"));
  clock.step(19'999);
  EXPECT_FALSE(take("192.0.2.1"));
  clock.step(1);
  EXPECT_TRUE(take("192.0.2.1"));
  EXPECT_FALSE(take("192.0.2.1"));
  clock.step(3'600'000);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(take("192.0.2.1"));
  EXPECT_FALSE(take("192.0.2.1"));
}

TEST_F(RateTest, SourcesAreWholeIPv4AddressesAndIPv6Networks) {
  for (const std::string_view source : {"2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:0:9::"})
    EXPECT_TRUE(take(source));
  EXPECT_FALSE(take("2001:db8::2"));
  EXPECT_TRUE(take("2001:db8:0:1::1"));
  for (const std::string_view source : {"192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1"})
    EXPECT_TRUE(take(source));
  EXPECT_FALSE(take("::ffff:192.0.2.1"));
}

TEST_F(RateTest, ARefusalTakesNothingFromTheOtherPolicies) {
  const std::array both = {three, ten};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limiter.take("192.0.2.1", both).allowed);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(limiter.take("192.0.2.1", both).allowed);
  const auto verdict = limiter.take("192.0.2.1", std::array{ten});
  EXPECT_TRUE(verdict.allowed);
  EXPECT_EQ(verdict.shares.front().remaining, 6);
}

TEST_F(RateTest, AClockThatStepsBackLocksNobodyOutForLongerThanTheWindow) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(take("192.0.2.1"));
  clock.step(-86'400'000);
  EXPECT_FALSE(take("192.0.2.1"));
  clock.step(60'000);
  EXPECT_TRUE(take("192.0.2.1"));
}

TEST_F(RateTest, TheTableIsBoundedAndItsOverflowIsOneBucket) {
  RateLimiter small(clock, random, 64);
  const std::array policies = {three};
  int allowed = 0;
  for (int i = 0; i < 5000; ++i) {
    if (small.take("10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250), policies)
            .allowed)
      ++allowed;
  }
  EXPECT_LE(small.buckets(), 64U + 16U);
  EXPECT_GE(allowed, 64);
  EXPECT_LE(allowed, 64 + 16 * 3)
      << "what goes beyond the table shares one bucket in each part of it";
  clock.step(60'000);
  EXPECT_TRUE(small.take("10.9.9.9", policies).allowed) << "buckets that are full again make room";
}

TEST_F(RateTest, ManyThreadsTakeNoMoreThanThereIs) {
  constexpr RatePolicy many{.name = "many", .quota = 1000, .window_s = 60};
  std::atomic<int> allowed{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i)
        allowed += limiter.take("192.0.2.1", std::array{many}).allowed ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(allowed, 1000);
}

TEST_F(RateTest, TheFieldsAreInBothDialects) {
  const auto verdict = limiter.take("192.0.2.1", std::array{discovery_policy, source_policy});
  const auto fields = rate_fields(verdict);
  const std::map<std::string, std::string> named(fields.begin(), fields.end());
  // As in the example of docs/protocol/discovery.md: a first request.
  EXPECT_EQ(named.at("RateLimit-Policy"), R"("discovery";q=300;w=60)");
  EXPECT_EQ(named.at("RateLimit"), R"("discovery";r=299;t=1)");
  EXPECT_EQ(named.at("RateLimit-Limit"), "300");
  EXPECT_EQ(named.at("RateLimit-Remaining"), "299");
  EXPECT_EQ(named.at("RateLimit-Reset"), "1");
}

TEST_F(RateTest, AnotherPolicyIsListedWhenLittleIsLeft) {
  RateVerdict verdict;
  for (int i = 0; i < 3; ++i) verdict = limiter.take("192.0.2.1", std::array{ten, three});
  const auto fields = rate_fields(verdict);
  const std::map<std::string, std::string> named(fields.begin(), fields.end());
  EXPECT_EQ(named.at("RateLimit"), R"("ten";r=7;t=18, "three";r=0;t=60)");
  EXPECT_EQ(named.at("RateLimit-Limit"), "3");
}

class RateApiTest : public ApiTest {};

TEST_F(RateApiTest, StrangersAreLimitedAndTheOwnerIsNot) {
  for (int i = 0; i < 300; ++i) ASSERT_EQ(stranger("GET", "/auth.md").status(), 200);
  const auto refused = stranger("GET", "/auth.md");
  EXPECT_EQ(refused.status(), 429);
  EXPECT_EQ(refused.code(), "rate_limited");
  EXPECT_EQ(refused.body.at("policies").at(0).as_string(), "discovery");
  EXPECT_EQ(refused.field("Retry-After"), "1");
  EXPECT_EQ(refused.number("retryAfter"), 1);
  EXPECT_EQ(refused.field("RateLimit"), R"("discovery";r=0;t=60)");
  EXPECT_EQ(stranger("GET", "/auth.md", {}, "192.0.2.2").status(), 200);
  EXPECT_EQ(stranger("GET", "/healthz").status(), 200);
  for (int i = 0; i < 400; ++i) ASSERT_EQ(get("/auth.md").status(), 200);
  EXPECT_EQ(get("/auth.md").field("RateLimit"), "");
}

TEST_F(RateApiTest, AnUnknownPathListsThePolicyOfTheSource) {
  const auto answer =
      stranger("GET", "/oresundspace/spaec", {{"accept", "application/problem+json"}});
  EXPECT_EQ(answer.field("RateLimit-Policy"), R"("source";q=1200;w=60)");
  EXPECT_EQ(answer.field("RateLimit"), R"("source";r=1199;t=1)");
  const auto problem =
      stranger("GET", "/auth.md", {{"accept", "application/problem+json"}}, "192.0.2.3");
  EXPECT_EQ(problem.status(), 406);
}

}  // namespace
}  // namespace kronborg::api
