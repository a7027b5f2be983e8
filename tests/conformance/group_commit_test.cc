#include <algorithm>
#include <latch>
#include <set>
#include <thread>
#include <vector>

#include "conformance/stores.h"

namespace kronborg::conformance {
namespace {

using sql::Transaction;

/// Starts `count` threads at one moment and waits for their end.
void together(int count, const std::function<void(int)>& body) {
  std::latch start(count);
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      body(i);
    });
  }
  for (auto& thread : threads) thread.join();
}

class GroupCommits : public Store {};

KRONBORG_EVERY_STORE(GroupCommits);

TEST_P(GroupCommits, SixtyFourWritersCountWithoutAGap) {
  constexpr int writers = 64;
  constexpr int rounds = 25;
  ASSERT_OK(write(database(), "CREATE TABLE counter (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)"));
  ASSERT_OK(write(database(), "CREATE TABLE taken (n BIGINT PRIMARY KEY)"));
  ASSERT_OK(write(database(), "INSERT INTO counter (id, n) VALUES (1, 0)"));
  std::vector<std::int64_t> published;  // by the writer's thread alone
  std::vector<std::vector<std::int64_t>> acknowledged(writers);
  together(writers, [&](int self) {
    for (int i = 0; i < rounds; ++i) {
      std::int64_t mine = 0;
      const auto outcome = database().write([&](Transaction& transaction) -> base::Result<void> {
        TRY(const auto next, transaction("UPDATE counter SET n = n + 1 WHERE id = 1 RETURNING n"));
        mine = next.rows.at(0).integer(0);
        TRY_VOID(transaction("INSERT INTO taken (n) VALUES ($1)", mine));
        transaction.on_commit([&published, n = mine] { published.push_back(n); });
        return {};
      });
      EXPECT_EQ("ok", code_of(outcome)) << text_of(outcome);
      // Published before write() returned.
      acknowledged[static_cast<std::size_t>(self)].push_back(mine);
    }
  });
  std::vector<std::int64_t> expected(std::size_t{writers} * rounds);
  std::ranges::generate(expected, [n = std::int64_t{0}]() mutable { return ++n; });
  EXPECT_EQ(expected, published);
  std::multiset<std::int64_t> all;
  for (const auto& each : acknowledged) {
    EXPECT_TRUE(std::ranges::is_sorted(each));
    all.insert(each.begin(), each.end());
  }
  EXPECT_TRUE(std::ranges::equal(expected, all));
  open();
  EXPECT_EQ(writers * rounds, number(database(), "SELECT n FROM counter"));
  EXPECT_EQ(writers * rounds, number(database(), "SELECT count(*) FROM taken"));
}

TEST_P(GroupCommits, AFailingWorkTakesNoOtherDown) {
  constexpr int writers = 64;
  ASSERT_OK(write(database(), "CREATE TABLE kept (id BIGINT PRIMARY KEY)"));
  ASSERT_OK(write(database(), "INSERT INTO kept (id) VALUES (-1)"));
  std::atomic<int> published = 0;
  for (int round = 0; round < 10; ++round) {
    together(writers, [&](int self) {
      const std::int64_t id = round * writers + self;
      const auto outcome = database().write([&](Transaction& transaction) -> base::Result<void> {
        transaction.on_commit([&] { ++published; });
        TRY_VOID(transaction("INSERT INTO kept (id) VALUES ($1)", id));
        if (self % 4 == 1) return base::Code::limit_reached;
        if (self % 4 == 2) TRY_VOID(transaction("INSERT INTO kept (id) VALUES (-1)"));
        if (self % 4 == 3) throw std::bad_alloc();
        return {};
      });
      const std::string expected[] = {"ok", "limit_reached", "conflict", "internal_error"};
      EXPECT_EQ(expected[self % 4], code_of(outcome));
    });
  }
  EXPECT_EQ(10 * writers / 4, published);
  open();
  EXPECT_EQ(10 * writers / 4, number(database(), "SELECT count(*) FROM kept WHERE id >= 0"));
  EXPECT_EQ(10 * writers / 4,
            number(database(), "SELECT count(*) FROM kept WHERE id >= 0 AND id % 4 = 0"));
}

TEST_P(GroupCommits, AOneTimeThingIsConsumedOnce) {
  constexpr int racers = 32;
  ASSERT_OK(
      write(database(), "CREATE TABLE code (code TEXT PRIMARY KEY, expires BIGINT NOT NULL)"));
  for (int round = 0; round < 20; ++round) {
    ASSERT_OK(write(database(), "INSERT INTO code (code, expires) VALUES ('c', 100)"));
    std::atomic<int> won = 0;
    together(racers, [&](int) {
      const auto taken = write(
          database(), "DELETE FROM code WHERE code = $1 AND expires > $2 RETURNING code", "c", 99);
      EXPECT_EQ("ok", code_of(taken));
      won += static_cast<int>(taken->rows.size());
    });
    EXPECT_EQ(1, won);
  }
}

TEST_P(GroupCommits, AReaderNeverSeesHalfAWrite) {
  ASSERT_OK(
      write(database(), "CREATE TABLE account (id BIGINT PRIMARY KEY, amount BIGINT NOT NULL)"));
  ASSERT_OK(write(database(), "INSERT INTO account (id, amount) VALUES (1, 1000), (2, 0)"));
  together(16, [&](int self) {
    for (int i = 0; i < 20; ++i) {
      if (self % 2 == 0) {
        EXPECT_EQ(1000, number(database(), "SELECT sum(amount) FROM account"));
        continue;
      }
      EXPECT_EQ("ok", code_of(database().write([](Transaction& transaction) -> base::Result<void> {
                  TRY_VOID(transaction("UPDATE account SET amount = amount - 1 WHERE id = 1"));
                  TRY_VOID(transaction("UPDATE account SET amount = amount + 1 WHERE id = 2"));
                  return {};
                })));
    }
  });
  EXPECT_EQ(160, number(database(), "SELECT amount FROM account WHERE id = 2"));
}

}  // namespace
}  // namespace kronborg::conformance
