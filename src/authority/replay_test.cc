#include "authority/replay.h"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "authority/store_test.h"
#include "sql/open.h"
#include "support/postgres.h"
#include "support/temporary_folder.h"

namespace kronborg::authority {
namespace {

constexpr std::int64_t now_ms = 1'767'225'630'250;
constexpr std::string_view in_memory = "SQLite";

class SetClock final : public base::Clock {
 public:
  void set(std::int64_t ms) { now_ms_ = ms; }
  [[nodiscard]] std::int64_t now_ms() const override { return now_ms_; }

 private:
  std::int64_t now_ms_ = authority::now_ms;
};

/// A store that stops writing when it is told to.
class Stoppable final : public sql::Database {
 public:
  explicit Stoppable(std::unique_ptr<sql::Database> real) : real_(std::move(real)) {}
  base::Result<void> read(const sql::Work& work) override { return real_->read(work); }
  base::Result<void> write(const sql::Work& work) override {
    if (stopped) return base::Code::store_unavailable;
    return real_->write(work);
  }
  base::Result<std::vector<std::string>> check() override { return real_->check(); }
  base::Result<void> backup(const std::string& file) override { return real_->backup(file); }
  [[nodiscard]] sql::StoreFacts facts() const override { return real_->facts(); }

  bool stopped = false;

 private:
  std::unique_ptr<sql::Database> real_;
};

identity::Address issuer(std::uint8_t number) {
  return identity::Address(std::array<std::uint8_t, 20>{number});
}

const auto device_a = identity::DeviceId::parse("0000000a").value();
const auto device_b = identity::DeviceId::parse("0000000b").value();

TokenClaim claim(std::uint64_t counter, std::optional<std::uint32_t> assertion_count = {}) {
  return {.issuer = issuer(1),
          .device = device_a,
          .counter = counter,
          .assertion_count = assertion_count,
          .now_ms = now_ms,
          .ahead = false};
}

TokenClaim ahead(TokenClaim claim) {
  claim.ahead = true;
  return claim;
}

class ReplayTest : public testing::TestWithParam<std::string_view> {
 protected:
  void SetUp() override {
    sql::OpenOptions options{.sqlite_file = folder_.path() / "store.db"};
    if (GetParam() != in_memory) {
      static support::PostgresServer server;
      options.url = server.new_database();
    }
    store_ = std::make_unique<Stoppable>(sql::open(options).value());
    ASSERT_TRUE(sql::migrate(*store_, gapless_migrations()));
    for (const auto& id : {device_a, device_b}) add(id);
    restart();
  }

  void add(const identity::DeviceId& id) {
    ASSERT_TRUE(store_->write([&](sql::Transaction& run) -> base::Result<void> {
      TRY_VOID(
          run("INSERT INTO devices (id, seq, kind, issuer, sign_count, attestation, "
              "created_at_ms) VALUES ($1, $2, 'software', '', 0, '{}', 0)",
              id.text(), ++devices_));
      return {};
    }));
  }
  /// As after a crash: what was in memory is gone.
  void restart() {
    replay_ = std::make_unique<Replay>(*store_, clock_);
    ASSERT_TRUE(replay_->load());
  }

  static std::string ask(Replay& replay, const TokenClaim& claim) {
    if (!replay.needs_store(claim)) {
      const auto refused = replay.accept(claim);
      return refused ? std::string(base::facts(*refused).name) : "accepted";
    }
    const auto decided = replay.accept_durably(claim);
    if (!decided) return std::string(base::facts(decided.error().code).name);
    return *decided ? std::string(base::facts(**decided).name) : "accepted";
  }
  std::string ask(const TokenClaim& claim) { return ask(*replay_, claim); }

  SetClock clock_;
  std::unique_ptr<Stoppable> store_;
  std::unique_ptr<Replay> replay_;

 private:
  support::TemporaryFolder folder_;
  int devices_ = 0;
};

TEST_P(ReplayTest, ACounterIsAcceptedOnceAndOnlyRises) {
  EXPECT_EQ(ask(claim(0)), "accepted");
  EXPECT_EQ(ask(claim(0)), "request_token_replayed");
  EXPECT_EQ(ask(claim(7)), "accepted");
  EXPECT_EQ(ask(claim(7)), "request_token_replayed");
  EXPECT_EQ(ask(claim(6)), "request_token_replayed");
  EXPECT_EQ(ask(claim(8)), "accepted");
  EXPECT_EQ(ask(claim(9'999'999'999)), "accepted");
  EXPECT_EQ(ask(claim(10'000'000'000)), "accepted");
  EXPECT_EQ(ask(claim(~std::uint64_t{0})), "accepted");
  EXPECT_EQ(ask(claim(~std::uint64_t{0})), "request_token_replayed");
}

TEST_P(ReplayTest, CountersAreThoseOfIssuerAndDevice) {
  EXPECT_EQ(ask(claim(100)), "accepted");
  auto other = claim(1);
  other.issuer = issuer(2);
  EXPECT_EQ(ask(other), "accepted");
  other = claim(1);
  other.device = device_b;
  EXPECT_EQ(ask(other), "accepted");
  EXPECT_EQ(ask(other), "request_token_replayed");
  EXPECT_EQ(ask(claim(100)), "request_token_replayed");
}

TEST_P(ReplayTest, OfManyCopiesAtOnceExactlyOneIsAccepted) {
  constexpr int threads = 16;
  const int tokens = GetParam() == in_memory ? 2'000 : 40;
  std::atomic<int> accepted = 0;
  std::atomic<int> twice = 0;
  std::atomic<int> this_token = 0;
  std::barrier together(threads, [&]() noexcept {
    if (this_token.exchange(0) > 1) ++twice;
  });
  std::vector<std::thread> all;
  for (int i = 0; i < threads; ++i) {
    all.emplace_back([&] {
      for (int token = 1; token <= tokens; ++token) {
        together.arrive_and_wait();
        if (ask(claim(static_cast<std::uint64_t>(token))) != "accepted") continue;
        ++accepted;
        ++this_token;
      }
      together.arrive_and_wait();
    });
  }
  for (std::thread& thread : all) thread.join();
  EXPECT_EQ(accepted, tokens);
  EXPECT_EQ(twice, 0);
}

TEST_P(ReplayTest, TheAssertionCounterRisesInTheSameStep) {
  EXPECT_EQ(ask(claim(1, 5)), "accepted");
  // Neither refusal raises the counter that would have been good.
  EXPECT_EQ(ask(claim(2, 5)), "device_assertion_invalid");
  EXPECT_EQ(ask(claim(1, 6)), "request_token_replayed");
  EXPECT_EQ(ask(claim(2, 6)), "accepted");
  // It is the device's, whoever the issuer is.
  auto other = claim(1, 6);
  other.issuer = issuer(2);
  EXPECT_EQ(ask(other), "device_assertion_invalid");
  other.assertion_count = 0xFFFF'FFFF;
  EXPECT_EQ(ask(other), "accepted");
  EXPECT_EQ(ask(claim(3, 0)), "device_assertion_invalid");
}

TEST_P(ReplayTest, WhatWasFlushedSurvivesACrash) {
  EXPECT_EQ(ask(claim(7, 3)), "accepted");
  ASSERT_TRUE(replay_->flush());
  restart();
  EXPECT_EQ(ask(claim(7, 4)), "request_token_replayed");
  EXPECT_EQ(ask(claim(8, 3)), "device_assertion_invalid");
  EXPECT_EQ(ask(claim(8, 4)), "accepted");
}

TEST_P(ReplayTest, ATokenFromTheFutureIsInTheStoreBeforeItIsAccepted) {
  EXPECT_TRUE(replay_->needs_store(ahead(claim(7))));
  EXPECT_EQ(ask(ahead(claim(7, 3))), "accepted");
  EXPECT_EQ(ask(ahead(claim(7, 4))), "request_token_replayed");
  restart();
  EXPECT_EQ(ask(claim(7, 4)), "request_token_replayed");
  EXPECT_EQ(ask(claim(8, 3)), "device_assertion_invalid");
  EXPECT_EQ(ask(claim(8, 4)), "accepted");
}

TEST_P(ReplayTest, AStoreThatFailsAcceptsNothingAndRaisesNothing) {
  EXPECT_EQ(ask(claim(5, 1)), "accepted");
  store_->stopped = true;
  EXPECT_EQ(ask(ahead(claim(7, 2))), "store_unavailable");
  auto first = ahead(claim(1, 2));
  first.issuer = issuer(2);
  EXPECT_EQ(ask(first), "store_unavailable");
  store_->stopped = false;
  EXPECT_EQ(ask(claim(6, 2)), "accepted");
  EXPECT_EQ(ask(ahead(claim(7, 3))), "accepted");
  first.assertion_count = 4;
  EXPECT_EQ(ask(first), "accepted");
}

INSTANTIATE_TEST_SUITE_P(Every, ReplayTest, testing::Values(in_memory, "PostgreSQL"),
                         [](const auto& store) { return std::string(store.param); });

class ReplayInMemoryTest : public ReplayTest {};

TEST_P(ReplayInMemoryTest, AFlushThatFailsIsMadeUpFor) {
  EXPECT_EQ(ask(claim(7)), "accepted");
  store_->stopped = true;
  EXPECT_FALSE(replay_->flush());
  store_->stopped = false;
  ASSERT_TRUE(replay_->flush());
  restart();
  EXPECT_EQ(ask(claim(7)), "request_token_replayed");
}

TEST_P(ReplayInMemoryTest, StartIsRoundedUpAndNotBeforeTheLatestUse) {
  EXPECT_EQ(replay_->start(), now_ms / 1000 + 1);
  clock_.set(now_ms / 1000 * 1000);
  restart();
  EXPECT_EQ(replay_->start(), now_ms / 1000);
  EXPECT_EQ(ask(claim(1)), "accepted");
  ASSERT_TRUE(replay_->flush());
  clock_.set(now_ms - 3'600'000);
  restart();
  EXPECT_EQ(replay_->start(), now_ms / 1000 + 1);
  clock_.set(now_ms + 3'600'000);
  restart();
  EXPECT_EQ(replay_->start(), (now_ms + 3'600'000) / 1000 + 1);
}

// A token from the future whose counter a flush writes first must not be taken for a copy.
TEST_P(ReplayInMemoryTest, AFlushInBetweenDoesNotRefuse) {
  std::atomic<bool> stop = false;
  std::thread flushing([&] {
    while (!stop) {
      if (!replay_->flush()) ADD_FAILURE() << "the flush failed";
    }
  });
  for (std::uint64_t counter = 1; counter <= 200; ++counter) {
    EXPECT_EQ(ask(ahead(claim(counter))), "accepted") << counter;
  }
  stop = true;
  flushing.join();
}

INSTANTIATE_TEST_SUITE_P(Every, ReplayInMemoryTest, testing::Values(in_memory),
                         [](const auto& store) { return std::string(store.param); });

class ReplayInStoreTest : public ReplayTest {};

TEST_P(ReplayInStoreTest, TwoHostsOnOneStoreAcceptOnce) {
  Replay other(*store_, clock_);
  ASSERT_TRUE(other.load());
  EXPECT_TRUE(other.in_store());
  EXPECT_EQ(ask(claim(7, 1)), "accepted");
  EXPECT_EQ(ask(other, claim(7, 2)), "request_token_replayed");
  EXPECT_EQ(ask(other, claim(8, 1)), "device_assertion_invalid");
  EXPECT_EQ(ask(other, claim(8, 2)), "accepted");
  EXPECT_EQ(ask(claim(8, 3)), "request_token_replayed");
}

TEST_P(ReplayInStoreTest, ADeviceThatAnotherHostRevokedIsRefused) {
  ASSERT_TRUE(store_->write([&](sql::Transaction& run) -> base::Result<void> {
    TRY_VOID(run("UPDATE devices SET revoked_at_ms = 1 WHERE id = $1", device_a.text()));
    TRY_VOID(run("DELETE FROM devices WHERE id = $1", device_b.text()));
    return {};
  }));
  EXPECT_EQ(ask(claim(7)), "device_revoked");
  auto gone = claim(7);
  gone.device = device_b;
  EXPECT_EQ(ask(gone), "device_unknown");
}

INSTANTIATE_TEST_SUITE_P(Every, ReplayInStoreTest, testing::Values("PostgreSQL"),
                         [](const auto& store) { return std::string(store.param); });

}  // namespace
}  // namespace kronborg::authority
