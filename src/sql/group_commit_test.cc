#include "sql/group_commit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <latch>
#include <string>
#include <thread>
#include <vector>

namespace kronborg::sql {
namespace {

/// A store in memory that fails on command and remembers what it was asked, in order.
class Script final : public Connection {
 public:
  struct Orders {
    std::string fails;         ///< the verb that fails
    int at = 1;                ///< at its nth call
    bool ends_itself = false;  ///< a failing statement ends the transaction too
    std::vector<std::string> asked = {};
  };
  explicit Script(Orders& orders) : orders_(orders) {}

  base::Result<void> begin(Access /*access*/) override {
    open_ = true;
    return say("begin");
  }
  base::Result<void> commit() override { return say("commit"); }
  void rollback() override { static_cast<void>(say("rollback")); }
  base::Result<void> savepoint() override { return say("savepoint"); }
  base::Result<void> keep_savepoint() override { return say("keep"); }
  base::Result<void> undo_savepoint() override { return say("undo"); }
  [[nodiscard]] bool in_transaction() const override { return open_; }
  [[nodiscard]] bool usable() const override { return true; }
  base::Result<Answer> run(std::string_view sql, const std::vector<Value>& /*values*/) override {
    auto said = say(std::string(sql));
    if (said) return Answer{};
    if (orders_.ends_itself) open_ = false;
    return said.error();
  }
  base::Result<std::optional<std::int64_t>> schema_version() override { return {std::nullopt}; }

 private:
  base::Result<void> say(std::string verb) {
    orders_.asked.push_back(verb);
    if (verb == orders_.fails && --orders_.at == 0) return base::Code::store_full;
    return {};
  }

  Orders& orders_;
  bool open_ = false;
};

std::string code_of(const base::Result<void>& result) {
  return result ? "ok" : std::string(base::facts(result.error().code).name);
}

/// Runs the works as one batch, in their order: the first one waits until all others are queued.
std::vector<std::string> run_together(Script::Orders& orders, const std::vector<Work>& works,
                                      std::vector<int>& published) {
  std::vector<std::string> outcomes(works.size());
  {
    GroupCommit writer(std::make_unique<Script>(orders), 256);
    std::latch entered(1);
    std::latch leave(1);
    std::thread first([&] {
      static_cast<void>(writer.write([&](Transaction&) -> base::Result<void> {
        entered.count_down();
        leave.wait();
        return base::Code::not_found;  // a batch of its own, that leaves nothing
      }));
    });
    entered.wait();
    orders.asked.clear();
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < works.size(); ++i) {
      threads.emplace_back([&, i] {
        outcomes[i] = code_of(writer.write([&, i](Transaction& transaction) {
          transaction.on_commit([&published, i] { published.push_back(static_cast<int>(i)); });
          return works[i](transaction);
        }));
      });
      while (writer.waiting() != i + 1) std::this_thread::yield();
    }
    leave.count_down();
    first.join();
    for (auto& thread : threads) thread.join();
  }
  orders.asked.erase(orders.asked.begin());  // the end of the first batch
  return outcomes;
}

base::Result<void> good(Transaction& transaction) {
  TRY_VOID(transaction("good"));
  return {};
}

base::Result<void> refused(Transaction& transaction) {
  TRY_VOID(transaction("refused"));
  return base::Code::limit_reached;
}

using Names = std::vector<std::string>;
using Numbers = std::vector<int>;

TEST(GroupCommit, WhatWaitsTogetherSharesOneCommit) {
  Script::Orders orders;
  Numbers published;
  EXPECT_EQ((Names{"ok", "limit_reached", "ok"}),
            run_together(orders, {good, refused, good}, published));
  EXPECT_EQ((Names{"begin", "savepoint", "good", "keep", "savepoint", "refused", "undo",
                   "savepoint", "good", "keep", "commit"}),
            orders.asked);
  EXPECT_EQ((Numbers{0, 2}), published);
}

TEST(GroupCommit, OneAloneNeedsNoSavepoint) {
  Script::Orders orders;
  Numbers published;
  EXPECT_EQ((Names{"ok"}), run_together(orders, {good}, published));
  EXPECT_EQ((Names{"begin", "good", "commit"}), orders.asked);
}

TEST(GroupCommit, NothingToKeepIsNotCommitted) {
  Script::Orders orders;
  Numbers published;
  EXPECT_EQ((Names{"limit_reached", "limit_reached"}),
            run_together(orders, {refused, refused}, published));
  EXPECT_EQ("rollback", orders.asked.back());
  EXPECT_EQ(Numbers{}, published);
}

TEST(GroupCommit, AFailedCommitIsEverybodysError) {
  Script::Orders orders = {.fails = "commit"};
  Numbers published;
  EXPECT_EQ((Names{"store_full", "limit_reached", "store_full"}),
            run_together(orders, {good, refused, good}, published));
  EXPECT_EQ(Numbers{}, published);
}

TEST(GroupCommit, ATransactionThatTheStoreEndedIsEverybodysError) {
  Script::Orders orders = {.fails = "good", .at = 2, .ends_itself = true};
  Numbers published;
  EXPECT_EQ((Names{"store_full", "store_full", "store_full"}),
            run_together(orders, {good, good, good}, published));
  EXPECT_EQ((Names{"begin", "savepoint", "good", "keep", "savepoint", "good", "rollback"}),
            orders.asked);
  EXPECT_EQ(Numbers{}, published);
}

TEST(GroupCommit, AStatementThatFailsAloneIsItsOwnError) {
  Script::Orders orders = {.fails = "good", .at = 2};
  Numbers published;
  EXPECT_EQ((Names{"ok", "store_full", "ok"}), run_together(orders, {good, good, good}, published));
  EXPECT_EQ((Numbers{0, 2}), published);
}

TEST(GroupCommit, EveryStepThatFailsFailsTheWholeBatch) {
  for (const auto* verb : {"begin", "savepoint", "keep", "undo"}) {
    // The batch before says begin and rollback only.
    Script::Orders orders = {.fails = verb, .at = std::string(verb) == "begin" ? 2 : 1};
    Numbers published;
    const auto outcomes = run_together(orders, {refused, good}, published);
    EXPECT_EQ("store_full", outcomes[1]) << verb;
    EXPECT_EQ(Numbers{}, published) << verb;
    EXPECT_EQ(0, std::ranges::count(orders.asked, "commit")) << verb;
  }
}

}  // namespace
}  // namespace kronborg::sql
