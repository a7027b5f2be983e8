#include <sqlite3.h>

#include <array>
#include <fstream>
#include <iterator>

#include "conformance/stores.h"
#include "sql/migrations.h"

namespace kronborg::conformance {
namespace {

namespace fs = std::filesystem;

constexpr std::array<sql::Text, 1> schema = {
    "CREATE TABLE kept (id BIGINT PRIMARY KEY, name TEXT)"};
constexpr std::array<sql::Migration, 1> schema_1 = {{{1, schema}}};
constexpr std::array<sql::Text, 1> more = {"CREATE TABLE more (id BIGINT PRIMARY KEY)"};
constexpr std::array<sql::Migration, 2> schema_2 = {{{1, schema}, {2, more}}};

std::string content(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void overwrite(const fs::path& file, std::size_t at, const std::string& bytes) {
  std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
  stream.seekp(static_cast<std::streamoff>(at));
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// SQLite files that something happened to.
class Damage : public testing::Test {
 protected:
  void SetUp() override {
    file_ = folder_.path() / "store.db";
    auto database = open().value();
    ASSERT_OK(sql::migrate(*database, schema_1));
    ASSERT_OK(database->write([](sql::Transaction& transaction) -> base::Result<void> {
      for (int i = 0; i < 200; ++i) {
        TRY_VOID(
            transaction("INSERT INTO kept (id, name) VALUES ($1, $2)", i, std::string(500, 'x')));
      }
      return {};
    }));
  }

  [[nodiscard]] base::Result<std::unique_ptr<sql::Database>> open() const {
    return sql::open({.sqlite_file = file_});
  }
  [[nodiscard]] std::int64_t rows() const {
    return number(*open().value(), "SELECT count(*) FROM kept");
  }
  [[nodiscard]] fs::path beside(const char* name) const { return folder_.path() / name; }

  support::TemporaryFolder folder_;  // NOLINT
  fs::path file_;                    // NOLINT
};

TEST_F(Damage, AnEmptyFileIsNotAnEmptyStore) {
  fs::resize_file(file_, 0);
  EXPECT_EQ("store_damaged", code_of(open()));
  EXPECT_EQ(0U, fs::file_size(file_));
}

TEST_F(Damage, ALostFileIsSeenByWhoAsks) {
  fs::remove(file_);
  EXPECT_TRUE(open().value()->facts().created);
}

TEST_F(Damage, ALogWithoutItsFileIsRefused) {
  std::ofstream(file_.string() + "-wal") << "left";
  fs::remove(file_);
  EXPECT_EQ("store_damaged", code_of(open()));
  EXPECT_FALSE(fs::exists(file_));
}

TEST_F(Damage, ATruncatedFileIsRefused) {
  for (const std::size_t size :
       {fs::file_size(file_) / 2 / 4096 * 4096, std::size_t{4096}, std::size_t{100}}) {
    fs::resize_file(file_, size);
    EXPECT_EQ("store_damaged", code_of(open())) << size;
  }
}

TEST_F(Damage, GarbageInTheHeaderIsRefused) {
  overwrite(file_, 0, std::string(100, '\xa5'));
  EXPECT_EQ("store_damaged", code_of(open()));
}

TEST_F(Damage, AnotherProgramsFileIsRefusedAndLeftAlone) {
  fs::remove(file_);
  sqlite3* other = nullptr;
  ASSERT_EQ(SQLITE_OK, sqlite3_open(file_.c_str(), &other));
  ASSERT_EQ(SQLITE_OK,
            sqlite3_exec(other, "CREATE TABLE bookmarks (url TEXT)", nullptr, nullptr, nullptr));
  sqlite3_close(other);
  const auto before = content(file_);
  const auto outcome = open();
  EXPECT_EQ("store_damaged", code_of(outcome));
  EXPECT_NE(std::string::npos, text_of(outcome).find("not a store of kronborg"));
  EXPECT_EQ(before, content(file_));
}

TEST_F(Damage, GarbageInAPageIsNeverAnAnswer) {
  const std::size_t pages = fs::file_size(file_) / 4096;
  const auto sound = content(file_);
  ASSERT_GT(pages, 20U);
  for (std::size_t page = 0; page < pages; ++page) {
    overwrite(file_, 0, sound);
    overwrite(file_, page * 4096, std::string(4096, '\xa5'));
    const auto database = open();
    if (!database) {
      EXPECT_EQ("store_damaged", code_of(database)) << page;
      continue;
    }
    EXPECT_FALSE((*database)->check().value().empty()) << page;
    const auto all = read(**database, "SELECT id, name FROM kept ORDER BY id");
    const auto index = read(**database, "SELECT id FROM kept WHERE id BETWEEN 0 AND 1000");
    if (all && index) {
      // The page belongs to neither: what was read is whole.
      EXPECT_EQ(200U, all->rows.size()) << page;
      EXPECT_EQ(200U, index->rows.size()) << page;
    } else {
      EXPECT_EQ("store_damaged", code_of(all ? index : all)) << page;
    }
  }
}

TEST_F(Damage, CheckNamesARowWithoutItsParent) {
  {
    const auto database = open().value();
    ASSERT_OK(write(*database, "CREATE TABLE child (parent BIGINT REFERENCES kept (id))"));
  }
  sqlite3* other = nullptr;
  ASSERT_EQ(SQLITE_OK, sqlite3_open(file_.c_str(), &other));
  ASSERT_EQ(SQLITE_OK,
            sqlite3_exec(other, "INSERT INTO child VALUES (777)", nullptr, nullptr, nullptr));
  sqlite3_close(other);
  EXPECT_EQ(std::vector<std::string>{"A row of child names one of kept that does not exist."},
            open().value()->check().value());
}

TEST_F(Damage, ABackupBringsBackWhatItHeld) {
  {
    const auto database = open().value();
    ASSERT_OK(database->backup(beside("backup.db")));
    EXPECT_EQ("file_error", code_of(database->backup(beside("backup.db"))));
    ASSERT_OK(write(*database, "DELETE FROM kept"));
  }
  EXPECT_EQ(0, rows());
  ASSERT_OK(sql::restore_sqlite(file_, beside("backup.db"), 1));
  EXPECT_EQ(200, rows());
  EXPECT_FALSE(open().value()->facts().created);
  overwrite(file_, 0, std::string(8192, '\xa5'));
  ASSERT_OK(sql::restore_sqlite(file_, beside("backup.db"), 1));
  EXPECT_EQ(200, rows());
  fs::remove(file_);
  ASSERT_OK(sql::restore_sqlite(file_, beside("backup.db"), 1));
  EXPECT_EQ(200, rows());
}

TEST_F(Damage, ABackupOfALiveStoreIsOneState) {
  const auto database = open().value();
  ASSERT_OK(write(*database, "UPDATE kept SET name = ''"));
  ASSERT_OK(database->backup(beside("backup.db")));
  ASSERT_OK(write(*database, "UPDATE kept SET name = 'later'"));
  EXPECT_EQ("store_in_use", code_of(sql::restore_sqlite(file_, beside("backup.db"), 1)));
  const auto copy = sql::open({.sqlite_file = beside("backup.db")}).value();
  EXPECT_EQ(200, number(*copy, "SELECT count(*) FROM kept WHERE name = ''"));
}

TEST_F(Damage, TheOldLogIsNotReplayedOverARestoredStore) {
  {
    const auto database = open().value();
    ASSERT_OK(database->backup(beside("backup.db")));
    ASSERT_OK(write(*database, "DELETE FROM kept"));
    // As kill -9 leaves it: the file with its log.
    fs::copy(file_, beside("crashed.db"));
    fs::copy(file_.string() + "-wal", beside("crashed.db-wal"));
  }
  ASSERT_OK(sql::restore_sqlite(beside("crashed.db"), beside("backup.db"), 1));
  const auto restored = sql::open({.sqlite_file = beside("crashed.db")}).value();
  EXPECT_EQ(200, number(*restored, "SELECT count(*) FROM kept"));
}

TEST_F(Damage, ABackupThatIsNotOneIsRefusedAndNothingChanges) {
  {
    const auto database = open().value();
    ASSERT_OK(database->backup(beside("newer.db")));
    ASSERT_OK(database->backup(beside("damaged.db")));
  }
  ASSERT_OK(sql::migrate(*sql::open({.sqlite_file = beside("newer.db")}).value(), schema_2));
  const auto size = fs::file_size(beside("damaged.db"));
  overwrite(beside("damaged.db"), size / 8192 * 4096, std::string(4096, '\xa5'));
  std::ofstream(beside("empty.db")).close();
  std::ofstream(beside("text.db")) << std::string(10'000, 'x');
  fs::copy(file_, beside("live.db"));
  std::ofstream(beside("live.db-wal")) << "frames";
  EXPECT_EQ("store_newer", code_of(sql::restore_sqlite(file_, beside("newer.db"), 1)));
  EXPECT_EQ("store_damaged", code_of(sql::restore_sqlite(file_, beside("damaged.db"), 1)));
  EXPECT_EQ("store_damaged", code_of(sql::restore_sqlite(file_, beside("empty.db"), 1)));
  EXPECT_EQ("store_damaged", code_of(sql::restore_sqlite(file_, beside("text.db"), 1)));
  EXPECT_EQ("file_error", code_of(sql::restore_sqlite(file_, beside("live.db"), 1)));
  EXPECT_EQ("file_error", code_of(sql::restore_sqlite(file_, beside("none.db"), 1)));
  EXPECT_EQ(200, rows());
  EXPECT_FALSE(fs::exists(beside("store.db.restored")));
}

TEST_F(Damage, TheLogDoesNotGrowWithoutBound) {
  const auto database = open().value();
  const auto log = file_.string() + "-wal";
  std::uintmax_t largest = 0;
  for (int i = 0; i < 400; ++i) {
    ASSERT_OK(write(*database, "UPDATE kept SET name = $1", std::string(400 + i % 7, 'y')));
    largest = std::max(largest, fs::file_size(log));
  }
  // 400 times about 30 pages would be 48 MB.
  EXPECT_LT(largest, 8'000'000U);
}

}  // namespace
}  // namespace kronborg::conformance
