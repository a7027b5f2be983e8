#include "pairing/requests.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <thread>

#include "pairing/fixture_test.h"

namespace kronborg::pairing {
namespace {

PairingAsk ask_from(std::string source) {
  return {.connector = {},
          .fingerprint = "a-b-c-d",
          .sas = {},
          .agent_id = std::string(agent_id),
          .agent_name = "Helsingør",
          .agent = {},
          .known_connector = false,
          .encrypted = true,
          .source_address = std::move(source)};
}

Decision owners(Outcome outcome) {
  return {.outcome = outcome, .remember = false, .label = {}, .actor = authority::owner()};
}

class RequestsTest : public testing::Test {
 protected:
  std::string open(std::string source) {
    const auto id = requests_.open(ask_from(std::move(source)), [this](const Decision& decision) {
      decisions_.push_back(decision.outcome);
    });
    return id ? *id : code_of(id);
  }
  std::string decide(std::string_view id, Outcome outcome) {
    return code_of(requests_.decide(id, owners(outcome)));
  }
  std::vector<std::string> take_told() { return std::exchange(told_, {}); }

  authority::SetClock clock_;
  base::SystemRandom random_;
  std::vector<Outcome> decisions_;
  std::vector<std::string> told_;
  Requests requests_{clock_, random_, [this](const RequestChange& change) {
                       told_.push_back(std::string(change.gone ? "gone" : "new") + " " +
                                       change.request.ask.source_address);
                     }};
};

TEST_F(RequestsTest, WaitsAndIsDecidedOnce) {
  const std::string id = open("192.0.2.1");
  const auto pending = requests_.pending();
  ASSERT_EQ(pending.size(), 1U);
  EXPECT_EQ(pending[0].id, id);
  EXPECT_EQ(pending[0].expires_at_ms - pending[0].received_at_ms, 120'000);
  EXPECT_TRUE(decisions_.empty());
  EXPECT_EQ(decide(id, Outcome::approved), "ok");
  EXPECT_EQ(decisions_, std::vector{Outcome::approved});
  EXPECT_EQ(decide(id, Outcome::denied), "pairing_decided");
  EXPECT_EQ(decisions_.size(), 1U);
  EXPECT_TRUE(requests_.pending().empty());
  EXPECT_EQ(take_told(), (std::vector<std::string>{"new 192.0.2.1", "gone 192.0.2.1"}));
}

TEST_F(RequestsTest, UnknownIdsAreNotDecidedOnes) {
  EXPECT_EQ(decide(base::uuid4(random_), Outcome::approved), "not_found");
}

TEST_F(RequestsTest, IdsAreReadInEitherCase) {
  std::string id = open("192.0.2.1");
  for (char& c : id) c = c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c;
  EXPECT_EQ(decide(id, Outcome::denied), "ok");
}

TEST_F(RequestsTest, NobodyAnswersForTwoMinutes) {
  const std::string id = open("192.0.2.1");
  EXPECT_EQ(requests_.next_end_ms(), clock_.now_ms() + 120'000);
  clock_.step(119'999);
  requests_.expire();
  EXPECT_TRUE(decisions_.empty());
  clock_.step(1);
  requests_.expire();
  EXPECT_EQ(decisions_, std::vector{Outcome::expired});
  EXPECT_EQ(decide(id, Outcome::approved), "pairing_decided");
  EXPECT_FALSE(requests_.next_end_ms());
}

TEST_F(RequestsTest, AnExpiredOneCannotBeApprovedEvenWhenNoTimerRan) {
  const std::string id = open("192.0.2.1");
  clock_.step(120'000);
  EXPECT_EQ(decide(id, Outcome::approved), "pairing_decided");
  EXPECT_EQ(decisions_, std::vector{Outcome::expired});
}

TEST_F(RequestsTest, WhoHangsUpGetsNoDecision) {
  const std::string id = open("192.0.2.1");
  EXPECT_TRUE(requests_.withdraw(id));
  EXPECT_FALSE(requests_.withdraw(id));
  EXPECT_EQ(decide(id, Outcome::approved), "pairing_decided");
  EXPECT_TRUE(decisions_.empty());
  EXPECT_EQ(take_told().back(), "gone 192.0.2.1");
}

TEST_F(RequestsTest, OnePerSourceAndEightInAll) {
  for (int i = 0; i < 8; ++i) EXPECT_NE(open("192.0.2." + std::to_string(i)), "pairing_busy");
  EXPECT_EQ(open("192.0.2.100"), "pairing_busy");
  EXPECT_TRUE(requests_.withdraw(requests_.pending().at(3).id));
  EXPECT_EQ(open("192.0.2.1"), "pairing_busy");
  EXPECT_NE(open("192.0.2.100"), "pairing_busy");
  clock_.step(120'000);
  EXPECT_NE(open("192.0.2.1"), "pairing_busy");
  EXPECT_EQ(requests_.pending().size(), 1U);
}

TEST_F(RequestsTest, EndsWithItsAgent) {
  static_cast<void>(open("192.0.2.1"));
  requests_.end_of_agent("another");
  EXPECT_TRUE(decisions_.empty());
  requests_.end_of_agent(agent_id);
  EXPECT_EQ(decisions_, std::vector{Outcome::ended});
}

TEST_F(RequestsTest, OfManyWhoDecideTheFirstCounts) {
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> decided{0};
    std::atomic<int> late{0};
    std::atomic<int> heard{0};
    const auto id =
        requests_.open(ask_from("192.0.2.1"), [&](const Decision&) { ++heard; }).value();
    {
      std::vector<std::jthread> threads;
      for (int t = 0; t < 64; ++t) {
        threads.emplace_back([&, t] {
          const std::string code =
              t == 0 ? (requests_.withdraw(id) ? "ok" : "pairing_decided")
                     : decide(id, t % 2 == 0 ? Outcome::approved : Outcome::denied);
          decided += code == "ok" ? 1 : 0;
          late += code == "pairing_decided" ? 1 : 0;
        });
      }
    }
    EXPECT_EQ(decided, 1);
    EXPECT_EQ(late, 63);
    EXPECT_LE(heard, 1);
  }
}

// Whatever happens in whatever order: each request is told as new once and as gone once, is decided
// at most once, and no decision comes to one that was withdrawn.
RC_GTEST_PROP(RequestsProperty, EveryRequestHasOneEnd, ()) {
  authority::SetClock clock;
  base::SystemRandom random;
  std::map<std::string, int> news;
  std::map<std::string, int> ends;
  std::map<std::string, int> decisions;
  Requests requests(clock, random, [&](const RequestChange& change) {
    ++(change.gone ? ends : news)[change.request.id];
  });
  std::vector<std::string> ids;
  std::set<std::string> withdrawn;
  for (const auto& [kind, number] : *rc::gen::container<std::vector<std::pair<int, int>>>(
           rc::gen::pair(rc::gen::inRange(0, 5), rc::gen::inRange(0, 12)))) {
    const auto place = std::make_shared<std::string>();
    if (kind == 0 || ids.empty()) {
      const auto id = requests.open(ask_from("192.0.2." + std::to_string(number)),
                                    [&, place](const Decision&) { ++decisions[*place]; });
      if (id) ids.push_back(*place = *id);
    } else {
      const std::string& id = ids[static_cast<std::size_t>(number) % ids.size()];
      if (kind == 1) static_cast<void>(requests.decide(id, owners(Outcome::approved)));
      if (kind == 2 && requests.withdraw(id)) withdrawn.insert(id);
      if (kind == 3) clock.step(number * 5'000);
      if (kind == 4) requests.expire();
    }
    RC_ASSERT(requests.pending().size() <= Requests::most);
  }
  clock.step(Requests::life_ms);
  requests.expire();
  for (const std::string& id : ids) {
    RC_ASSERT(news[id] == 1);
    RC_ASSERT(ends[id] == 1);
    RC_ASSERT(decisions[id] == (withdrawn.contains(id) ? 0 : 1));
  }
}

}  // namespace
}  // namespace kronborg::pairing
