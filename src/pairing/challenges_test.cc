#include "pairing/challenges.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <thread>

#include "pairing/attempts.h"
#include "pairing/fixture_test.h"

namespace kronborg::pairing {
namespace {

struct Drawn {
  authority::SetClock clock;
  base::SystemRandom random;
  Challenges challenges{clock, random};
};

TEST(Challenges, ANonceIsTheRandomBytesAndGoodOnce) {
  authority::SetClock clock;
  support::GivenRandom random(std::array<std::uint8_t, 32>{0xAB});
  Challenges challenges(clock, random);
  const std::string nonce = challenges.draw("192.0.2.1", std::nullopt);
  EXPECT_EQ(nonce, "ab" + std::string(62, '0'));
  EXPECT_FALSE(challenges.use(nonce + "0"));
  EXPECT_FALSE(challenges.use("AB" + std::string(62, '0')));
  const auto used = challenges.use(nonce);
  ASSERT_TRUE(used);
  EXPECT_FALSE(used->commitment);
  EXPECT_FALSE(challenges.use(nonce));
}

TEST(Challenges, KeepTheCommitment) {
  Drawn d;
  const Commitment commitment{7};
  const std::string nonce = d.challenges.draw("192.0.2.1", commitment);
  EXPECT_EQ(d.challenges.use(nonce)->commitment, commitment);
}

TEST(Challenges, EndAfterOneHundredAndTwentySeconds) {
  Drawn d;
  const std::string early = d.challenges.draw("192.0.2.1", std::nullopt);
  const std::string late = d.challenges.draw("192.0.2.1", std::nullopt);
  d.clock.step(119'999);
  EXPECT_TRUE(d.challenges.use(early));
  d.clock.step(1);
  EXPECT_FALSE(d.challenges.use(late));
  EXPECT_EQ(d.challenges.outstanding(), 0U);
  const std::string future = d.challenges.draw("192.0.2.1", std::nullopt);
  d.clock.step(-120'000);
  EXPECT_FALSE(d.challenges.use(future));
}

TEST(Challenges, EightOfASourceAndTheOldestGoes) {
  Drawn d;
  const std::string other = d.challenges.draw("192.0.2.9", std::nullopt);
  std::vector<std::string> nonces;
  for (int i = 0; i < 9; ++i) nonces.push_back(d.challenges.draw("2001:db8::1", std::nullopt));
  EXPECT_EQ(d.challenges.outstanding(), 9U);
  EXPECT_FALSE(d.challenges.use(nonces.front()));
  for (int i = 1; i < 9; ++i) EXPECT_TRUE(d.challenges.use(nonces.at(static_cast<size_t>(i))));
  EXPECT_TRUE(d.challenges.use(other));
}

TEST(Challenges, TwoHundredAndFiftySixInAll) {
  Drawn d;
  std::vector<std::string> nonces;
  for (int i = 0; i < 257; ++i) {
    nonces.push_back(d.challenges.draw("10.0.0." + std::to_string(i % 250), std::nullopt));
  }
  EXPECT_EQ(d.challenges.outstanding(), 256U);
  EXPECT_FALSE(d.challenges.use(nonces.front()));
  EXPECT_TRUE(d.challenges.use(nonces.at(1)));
  EXPECT_TRUE(d.challenges.use(nonces.back()));
}

TEST(Challenges, OfManyWhoUseOneNonceOneGetsIt) {
  Drawn d;
  const std::string nonce = d.challenges.draw("192.0.2.1", std::nullopt);
  std::atomic<int> got{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 64; ++t) {
      threads.emplace_back([&] { got += d.challenges.use(nonce) ? 1 : 0; });
    }
  }
  EXPECT_EQ(got, 1);
}

RC_GTEST_PROP(ChallengesProperty, AreBoundedAndTheNewestIsGood, ()) {
  Drawn d;
  const auto sources = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 60));
  for (const int source : sources) {
    const auto nonce = d.challenges.draw("10.0.0." + std::to_string(source), std::nullopt);
    RC_ASSERT(d.challenges.outstanding() <= Challenges::most);
    RC_ASSERT(d.challenges.outstanding() <=
              Challenges::most_of_source * std::set(sources.begin(), sources.end()).size());
    if (source % 3 == 0) RC_ASSERT(d.challenges.use(nonce).has_value());
    d.clock.step(source * 20);
  }
}

TEST(Attempts, FiveAMinuteAndTheSentenceOfTheTable) {
  authority::SetClock clock;
  Attempts attempts(clock);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(told(attempts.admit("192.0.2.1")), "ok");
  const auto refused = attempts.admit("192.0.2.1");
  EXPECT_EQ(told(refused),
            "429 pairing_rate_limited Too many pairing attempts. Try again shortly.");
  EXPECT_EQ(refused.error().details.at(0).name, "retryAfter");
  EXPECT_EQ(std::get<std::int64_t>(refused.error().details.at(0).value), 60);
  EXPECT_EQ(told(attempts.admit("::ffff:192.0.2.1")), told(refused));
  EXPECT_EQ(told(attempts.admit("192.0.2.2")), "ok");
  attempts.cool_down("192.0.2.2");
  EXPECT_EQ(std::get<std::int64_t>(attempts.admit("192.0.2.2").error().details.at(0).value), 30);
  clock.step(30'000);
  EXPECT_EQ(told(attempts.admit("192.0.2.2")), "ok");
}

TEST(Attempts, RememberFourThousandAndNinetySixSources) {
  authority::SetClock clock;
  Attempts attempts(clock);
  for (int i = 0; i < 5000; ++i) {
    EXPECT_EQ(
        told(attempts.admit("10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250))),
        "ok");
  }
  EXPECT_EQ(attempts.sources(), 4096U);
}

}  // namespace
}  // namespace kronborg::pairing
