#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include "conformance/small_disk.h"
#include "conformance/stores.h"

namespace {

/// Whether the disk confirms writes. SQLite's calls come by here, because a program's own functions
/// go before those of a library.
std::atomic<bool> disk_confirms = true;

}  // namespace

extern "C" int fdatasync(int descriptor) {
  if (!disk_confirms) {
    errno = EIO;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_fdatasync, descriptor));
}

namespace kronborg::conformance {
namespace {

constexpr std::size_t big_text = 200'000;

/// Fills the store until it is full; the number of rows that were acknowledged.
std::int64_t fill(sql::Database& database) {
  std::string code = "ok";
  std::int64_t rows = 0;
  for (; rows < 10'000; ++rows) {
    code = code_of(write(database, "INSERT INTO kept (id, name) VALUES ($1, $2)", rows,
                         std::string(big_text, 'x')));
    if (code != "ok") break;
  }
  EXPECT_EQ("store_full", code);
  return rows;
}

TEST(FullDisk, SQLiteKeepsWhatItHadAndWorksAgain) {
  if (!may_mount()) {
    ASSERT_TRUE(passes_in_namespace("FullDisk.SQLiteKeepsWhatItHadAndWorksAgain"));
    return;
  }
  const support::TemporaryFolder folder;
  SmallDisk disk(folder.path() / "disk", "8m");
  disk.fill(4U << 20U);
  const sql::OpenOptions options = {.sqlite_file = folder.path() / "disk" / "store.db"};
  auto database = sql::open(options).value();
  ASSERT_OK(write(*database, "CREATE TABLE kept (id BIGINT PRIMARY KEY, name TEXT NOT NULL)"));
  const auto rows = fill(*database);
  EXPECT_GT(rows, 1);
  // Together, each with its own savepoint: whichever fails, what is acknowledged is there.
  std::atomic<std::int64_t> acknowledged = 0;
  std::atomic<int> published = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&, i] {
      const auto outcome =
          database->write([&](sql::Transaction& transaction) -> base::Result<void> {
            transaction.on_commit([&] { ++published; });
            TRY_VOID(transaction("INSERT INTO kept (id, name) VALUES ($1, $2)", 20'000 + i,
                                 std::string(big_text, 'y')));
            return {};
          });
      if (outcome) ++acknowledged;
      if (!outcome) EXPECT_EQ("store_full", code_of(outcome));
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(acknowledged, published);
  EXPECT_EQ(rows + acknowledged, number(*database, "SELECT count(*) FROM kept"));
  disk.relieve();
  database.reset();
  database = sql::open(options).value();
  EXPECT_EQ(rows + acknowledged, number(*database, "SELECT count(*) FROM kept"));
  EXPECT_EQ(std::vector<std::string>{}, *database->check());
  EXPECT_EQ("ok", code_of(write(*database, "INSERT INTO kept (id, name) VALUES (30000, 'z')")));
}

TEST(FullDisk, SQLiteRefusesABackupThatDoesNotFit) {
  if (!may_mount()) {
    ASSERT_TRUE(passes_in_namespace("FullDisk.SQLiteRefusesABackupThatDoesNotFit"));
    return;
  }
  const support::TemporaryFolder folder;
  const SmallDisk disk(folder.path() / "disk", "1m");
  const auto database = sql::open({.sqlite_file = folder.path() / "store.db"}).value();
  ASSERT_OK(write(*database, "CREATE TABLE kept (name TEXT NOT NULL)"));
  ASSERT_OK(write(*database, "INSERT INTO kept (name) VALUES ($1)", std::string(3'000'000, 'x')));
  EXPECT_EQ("store_full", code_of(database->backup(folder.path() / "disk" / "backup.db")));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path() / "disk"));
}

TEST(FullDisk, PostgreSQLKeepsWhatItHadAndWorksAgain) {
  if (!may_mount()) GTEST_SKIP() << "the server's disk can be made small by root only";
  const support::TemporaryFolder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms::others_exec,
                               std::filesystem::perm_options::add);
  support::PostgresServer small;
  SmallDisk disk(folder.path() / "disk", "8m");
  disk.fill(4U << 20U);
  ASSERT_EQ(0, std::system(("chown postgres " + (folder.path() / "disk").string()).c_str()));
  const auto url = small.new_database();
  small.run(url, "CREATE TABLESPACE small LOCATION '" + (folder.path() / "disk").string() + "'");
  const auto database = sql::open({.url = url + "&options=-cdefault_tablespace%3Dsmall"}).value();
  ASSERT_OK(write(*database, "CREATE TABLE kept (id BIGINT PRIMARY KEY, name TEXT NOT NULL)"));
  ASSERT_OK(write(*database, "ALTER TABLE kept ALTER COLUMN name SET STORAGE EXTERNAL"));
  const auto rows = fill(*database);
  EXPECT_GT(rows, 1);
  EXPECT_EQ(rows, number(*database, "SELECT count(*) FROM kept"));
  disk.relieve();
  EXPECT_EQ("ok", code_of(write(*database, "INSERT INTO kept (id, name) VALUES (30000, 'z')")));
}

TEST(FailingDisk, AWriteThatIsNotConfirmedIsNeverAcknowledgedAndStopsTheWriter) {
  const support::TemporaryFolder folder;
  const sql::OpenOptions options = {.sqlite_file = folder.path() / "store.db"};
  auto database = sql::open(options).value();
  ASSERT_OK(write(*database, "CREATE TABLE kept (id BIGINT PRIMARY KEY)"));
  ASSERT_OK(write(*database, "INSERT INTO kept (id) VALUES (1)"));
  bool published = false;
  disk_confirms = false;
  const auto outcome = database->write([&](sql::Transaction& transaction) -> base::Result<void> {
    transaction.on_commit([&] { published = true; });
    TRY_VOID(transaction("INSERT INTO kept (id) VALUES (2)"));
    return {};
  });
  disk_confirms = true;
  EXPECT_EQ("store_unavailable", code_of(outcome));
  EXPECT_NE(std::string::npos, text_of(outcome).find("unknown")) << text_of(outcome);
  EXPECT_FALSE(published);
  // A second fsync would say "done" of pages that the kernel has dropped.
  EXPECT_EQ("store_unavailable", code_of(write(*database, "INSERT INTO kept (id) VALUES (3)")));
  EXPECT_EQ(1, number(*database, "SELECT count(*) FROM kept"));
  database.reset();
  database = sql::open(options).value();
  EXPECT_EQ(1, number(*database, "SELECT count(*) FROM kept WHERE id = 1"));
  EXPECT_EQ(0, number(*database, "SELECT count(*) FROM kept WHERE id = 3"));
  EXPECT_EQ("ok", code_of(write(*database, "INSERT INTO kept (id) VALUES (4)")));
}

}  // namespace
}  // namespace kronborg::conformance
