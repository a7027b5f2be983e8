#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "conformance/stores.h"

namespace kronborg::conformance {
namespace {

/// A server that goes away: PostgreSQL only.
class Server : public testing::Test {
 protected:
  void SetUp() override {
    url_ = server().new_database();
    database_ = sql::open({.url = url_}).value();
    ASSERT_OK(write(*database_, "CREATE TABLE kept (id BIGINT PRIMARY KEY)"));
  }

  // NOLINTBEGIN: what a test of this fixture works with
  std::string url_;
  std::unique_ptr<sql::Database> database_;
  // NOLINTEND
};

TEST_F(Server, StoppedIsUnavailableAndStartedWorksAgain) {
  ASSERT_OK(read(*database_, "SELECT count(*) FROM kept"));
  server().stop();
  bool published = false;
  const auto down = database_->write([&](sql::Transaction& transaction) -> base::Result<void> {
    transaction.on_commit([&] { published = true; });
    TRY_VOID(transaction("INSERT INTO kept (id) VALUES (1)"));
    return {};
  });
  EXPECT_EQ("store_unavailable", code_of(down));
  EXPECT_FALSE(published);
  EXPECT_EQ("store_unavailable", code_of(read(*database_, "SELECT count(*) FROM kept")));
  EXPECT_EQ("store_unavailable", code_of(database_->check()));
  server().start();
  EXPECT_EQ(0, number(*database_, "SELECT count(*) FROM kept"));
  EXPECT_EQ("ok", code_of(write(*database_, "INSERT INTO kept (id) VALUES (2)")));
  EXPECT_EQ(1, number(*database_, "SELECT count(*) FROM kept"));
  // The lock was taken again with the connection.
  EXPECT_EQ("store_in_use", code_of(sql::open({.url = url_})));
}

TEST_F(Server, ALostConnectionInsideATransactionIsAnErrorOfThatTransaction) {
  const auto lost = database_->write([&](sql::Transaction& transaction) -> base::Result<void> {
    TRY_VOID(transaction("INSERT INTO kept (id) VALUES (1)"));
    static_cast<void>(transaction("SELECT pg_terminate_backend(pg_backend_pid())"));
    return {};
  });
  EXPECT_EQ("store_unavailable", code_of(lost));
  EXPECT_EQ(0, number(*database_, "SELECT count(*) FROM kept"));
  EXPECT_EQ("ok", code_of(write(*database_, "INSERT INTO kept (id) VALUES (1)")));
}

TEST_F(Server, AConnectionLostWhileIdleCostsNobodyAnError) {
  ASSERT_OK(read(*database_, "SELECT count(*) FROM kept"));
  server().run(url_,
               "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
               "application_name = 'kronborg'");
  EXPECT_EQ("ok", code_of(write(*database_, "INSERT INTO kept (id) VALUES (1)")));
  EXPECT_EQ(1, number(*database_, "SELECT count(*) FROM kept"));
}

TEST_F(Server, StoppedUnderLoadLosesNothingAcknowledged) {
  for (int round = 0; round < 3; ++round) {
    std::atomic<bool> stopping = false;
    std::atomic<std::int64_t> next = round * 1'000'000;
    std::vector<std::vector<std::int64_t>> acknowledged(8);
    std::atomic<int> begun = 0;
    std::vector<std::thread> threads;
    for (auto& mine : acknowledged) {
      threads.emplace_back([&] {
        while (!stopping) {
          const std::int64_t id = ++next;
          if (write(*database_, "INSERT INTO kept (id) VALUES ($1)", id)) {
            mine.push_back(id);
            ++begun;
            begun.notify_all();
          }
        }
      });
    }
    for (int seen = begun; seen < 200; seen = begun) begun.wait(seen);
    server().stop();
    stopping = true;
    for (auto& thread : threads) thread.join();
    server().start();
    std::set<std::int64_t> kept;
    const auto rows = read(*database_, "SELECT id FROM kept");
    ASSERT_OK(rows);
    for (const auto& row : rows->rows) kept.insert(row.integer(0));
    for (const auto& mine : acknowledged) {
      for (const auto id : mine) EXPECT_TRUE(kept.contains(id)) << id;
    }
    EXPECT_EQ("ok", code_of(write(*database_, "INSERT INTO kept (id) VALUES ($1)", -1 - round)));
  }
}

TEST_F(Server, CommitsReachTheDiskWhateverTheDefaultIs) {
  database_.reset();
  server().run(url_, "ALTER ROLE kronborg SET synchronous_commit = off");
  database_ = sql::open({.url = url_}).value();
  const auto setting = write(*database_, "SELECT current_setting('synchronous_commit')");
  EXPECT_EQ("on", setting->rows.at(0).text(0));
}

TEST_F(Server, CheckNamesAnInvalidIndex) {
  EXPECT_EQ(std::vector<std::string>{}, *database_->check());
  server().run(url_,
               "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'kept_pkey'::regclass");
  EXPECT_EQ(std::vector<std::string>{"The index kept_pkey is not valid."}, *database_->check());
}

TEST_F(Server, CheckNamesATableThatCannotBeRead) {
  ASSERT_OK(write(*database_, "INSERT INTO kept (id) VALUES (1)"));
  server().run(url_, "CHECKPOINT");
  const auto path =
      server().folder() / "data" / server().run(url_, "SELECT pg_relation_filepath('kept')");
  server().stop();
  {
    std::FILE* file = std::fopen(path.c_str(), "r+b");
    ASSERT_NE(nullptr, file);
    const std::string garbage(8192, '\xa5');
    EXPECT_EQ(garbage.size(), std::fwrite(garbage.data(), 1, garbage.size(), file));
    std::fclose(file);
  }
  server().start();
  const auto findings = database_->check();
  ASSERT_OK(findings);
  ASSERT_EQ(1U, findings->size());
  EXPECT_TRUE(findings->front().starts_with("The table kept cannot be read")) << findings->front();
  EXPECT_EQ("store_damaged", code_of(read(*database_, "SELECT id FROM kept")));
}

TEST_F(Server, ADatabaseOfAnotherEncodingIsRefused) {
  server().run(url_, "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
  EXPECT_EQ("store_unavailable", code_of(sql::open({.url = server().url("latin")})));
}

TEST_F(Server, ABackupIsTheServersOwn) {
  const auto outcome = database_->backup("/tmp/never");
  ASSERT_FALSE(outcome.has_value());
  EXPECT_NE(std::string::npos, outcome.error().next_step().find("pg_dump"));
}

}  // namespace
}  // namespace kronborg::conformance
