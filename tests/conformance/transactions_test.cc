#include <functional>
#include <future>
#include <latch>
#include <stdexcept>
#include <thread>
#include <vector>

#include "conformance/stores.h"

namespace kronborg::conformance {
namespace {

using sql::Transaction;

class Transactions : public Store {
 protected:
  void SetUp() override {
    Store::SetUp();
    ASSERT_OK(write(database(), "CREATE TABLE parent (id BIGINT PRIMARY KEY, name TEXT UNIQUE)"));
    ASSERT_OK(write(database(),
                    "CREATE TABLE child (id BIGINT PRIMARY KEY, parent BIGINT NOT NULL REFERENCES "
                    "parent (id))"));
  }
  std::int64_t parents() { return number(database(), "SELECT count(*) FROM parent"); }
};

KRONBORG_EVERY_STORE(Transactions);

TEST_P(Transactions, AnErrorUndoesAllOfIt) {
  bool published = false;
  const auto outcome = database().write([&](Transaction& transaction) -> base::Result<void> {
    transaction.on_commit([&] { published = true; });
    TRY_VOID(transaction("INSERT INTO parent (id) VALUES (1)"));
    TRY_VOID(transaction("INSERT INTO parent (id) VALUES (2)"));
    return base::Code::limit_reached;
  });
  EXPECT_EQ("limit_reached", code_of(outcome));
  EXPECT_EQ(0, parents());
  EXPECT_FALSE(published);
}

TEST_P(Transactions, AThrowUndoesAllOfItAndNamesTheCause) {
  const auto outcome = database().write([&](Transaction& transaction) -> base::Result<void> {
    TRY_VOID(transaction("INSERT INTO parent (id) VALUES (1)"));
    throw std::runtime_error("flux");
  });
  EXPECT_EQ("internal_error", code_of(outcome));
  EXPECT_NE(std::string::npos, text_of(outcome).find("flux"));
  EXPECT_EQ(0, parents());
  EXPECT_EQ("ok", code_of(write(database(), "INSERT INTO parent (id) VALUES (1)")));
}

TEST_P(Transactions, ABrokenConstraintIsAConflict) {
  ASSERT_OK(write(database(), "INSERT INTO parent (id, name) VALUES (1, 'a')"));
  EXPECT_EQ("conflict", code_of(write(database(), "INSERT INTO parent (id) VALUES (1)")));
  EXPECT_EQ("conflict",
            code_of(write(database(), "INSERT INTO parent (id, name) VALUES (2, 'a')")));
  EXPECT_EQ("conflict", code_of(write(database(), "INSERT INTO child (id, parent) VALUES (1, 7)")));
  ASSERT_OK(write(database(), "INSERT INTO child (id, parent) VALUES (1, 1)"));
  EXPECT_EQ("conflict", code_of(write(database(), "DELETE FROM parent WHERE id = 1")));
  EXPECT_EQ(1, parents());
}

TEST_P(Transactions, AFailedStatementDoomsTheWork) {
  std::string later;
  const auto outcome = database().write([&](Transaction& transaction) -> base::Result<void> {
    TRY_VOID(transaction("INSERT INTO parent (id) VALUES (1)"));
    static_cast<void>(transaction("INSERT INTO parent (id) VALUES (1)"));
    later = code_of(transaction("INSERT INTO parent (id) VALUES (2)"));
    return {};
  });
  EXPECT_EQ("conflict", later);
  EXPECT_EQ("conflict", code_of(outcome));
  EXPECT_EQ(0, parents());
}

TEST_P(Transactions, AReadThatWritesLosesItsChange) {
  bool published = false;
  ASSERT_OK(database().read([&](Transaction& transaction) -> base::Result<void> {
    transaction.on_commit([&] { published = true; });
    TRY_VOID(transaction("INSERT INTO parent (id) VALUES (1)"));
    TRY(const auto seen, transaction("SELECT count(*) FROM parent"));
    EXPECT_EQ(1, seen.rows.at(0).integer(0));
    return {};
  }));
  EXPECT_EQ(0, parents());
  EXPECT_FALSE(published);
}

TEST_P(Transactions, AReadSeesOneState) {
  ASSERT_OK(write(database(), "INSERT INTO parent (id) VALUES (1)"));
  ASSERT_OK(database().read([&](Transaction& transaction) -> base::Result<void> {
    TRY(const auto before, transaction("SELECT count(*) FROM parent"));
    std::thread([&] {
      EXPECT_EQ("ok", code_of(write(database(), "INSERT INTO parent (id) VALUES (2)")));
    }).join();
    TRY(const auto after, transaction("SELECT count(*) FROM parent"));
    EXPECT_EQ(1, before.rows.at(0).integer(0));
    EXPECT_EQ(1, after.rows.at(0).integer(0));
    return {};
  }));
  EXPECT_EQ(2, parents());
}

TEST_P(Transactions, WritingInsideAWriteIsAnErrorAndNoDeadlock) {
  std::string inner;
  ASSERT_OK(database().write([&](Transaction&) -> base::Result<void> {
    inner = code_of(write(database(), "INSERT INTO parent (id) VALUES (1)"));
    return {};
  }));
  EXPECT_EQ("internal_error", inner);
  ASSERT_OK(database().read([&](Transaction&) -> base::Result<void> {
    inner = code_of(read(database(), "SELECT 1"));
    return {};
  }));
  EXPECT_EQ("internal_error", inner);
}

TEST_P(Transactions, MoreReadersThanConnectionsWaitForEachOther) {
  ASSERT_OK(write(database(), "INSERT INTO parent (id) VALUES (1)"));
  std::vector<std::future<std::int64_t>> readers;
  for (int i = 0; i < 32; ++i) {
    readers.push_back(std::async(std::launch::async, [&] {
      std::int64_t sum = 0;
      for (int j = 0; j < 20; ++j) sum += parents();
      return sum;
    }));
  }
  for (auto& each : readers) EXPECT_EQ(20, each.get());
}

TEST_P(Transactions, WhatIsWrittenIsThereAfterReopening) {
  ASSERT_OK(write(database(), "INSERT INTO parent (id, name) VALUES (1, 'kept')"));
  open();
  EXPECT_EQ("kept", read(database(), "SELECT name FROM parent")->rows.at(0).text(0));
}

TEST_P(Transactions, ASoundStoreHasNoFindings) {
  ASSERT_OK(write(database(), "INSERT INTO parent (id, name) VALUES (1, 'a')"));
  const auto findings = database().check();
  ASSERT_OK(findings);
  EXPECT_EQ(std::vector<std::string>{}, *findings);
}

}  // namespace
}  // namespace kronborg::conformance
