#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conformance/stores.h"

namespace kronborg::conformance {
namespace {

class Ownership : public Store {};

KRONBORG_EVERY_STORE(Ownership);

TEST_P(Ownership, ASecondOpenerIsRefused) {
  ASSERT_OK(write(database(), "CREATE TABLE a (id BIGINT PRIMARY KEY)"));
  EXPECT_EQ("store_in_use", code_of(sql::open(options())));
  ASSERT_OK(write(database(), "INSERT INTO a (id) VALUES (1)"));
  close();
  const auto next = sql::open(options());
  ASSERT_OK(next);
  EXPECT_EQ(1, number(**next, "SELECT count(*) FROM a"));
}

TEST_P(Ownership, AnOpenerThatDiedLeavesNoLock) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto opened = sql::open(options());
    ::_exit(opened ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(child, ::waitpid(child, &status, 0));
  ASSERT_EQ(0, status);
  EXPECT_EQ("ok", code_of(sql::open(options())));
}

TEST_P(Ownership, FactsNameThePlace) {
  const auto facts = database().facts();
  EXPECT_EQ(GetParam() == Kind::sqlite ? "sqlite" : "postgresql", facts.kind);
  EXPECT_NE(
      std::string::npos,
      facts.place.find(GetParam() == Kind::sqlite ? options().sqlite_file.string() : "/test_"))
      << facts.place;
}

TEST(Open, AnUnknownSchemeIsAnErrorThatRepeatsNoPassword) {
  for (const auto* url : {"mysql://u:hunter22@h/d", "store.db", "postgresql//x:hunter22@y"}) {
    const auto outcome = sql::open({.url = url});
    EXPECT_EQ("config_invalid", code_of(outcome));
    EXPECT_EQ(std::string::npos, text_of(outcome).find("hunter22"));
  }
}

TEST(Open, APasswordIsNeverRepeated) {
  const auto host = server().folder().string();
  for (const auto& url : {
           "postgresql://u:hunter22@/d?host=" + host + "&nonsense=1",
           "postgresql://u:hunter22%zz@/d?host=" + host,
           "postgresql://u:hunter22@/missing?host=" + host,
           std::string("postgresql://kronborg:hunter22@[::1/d"),
           std::string("postgresql://kronborg:hunter22@/d?host=/nowhere"),
           std::string("postgresql://u:hunter22@localhost:hunter22/d"),
       }) {
    const auto outcome = sql::open({.url = url});
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(std::string::npos, text_of(outcome).find("hunter22")) << text_of(outcome);
    EXPECT_EQ(std::string::npos, outcome.error().next_step().find("hunter22"));
  }
  const auto place = sql::open({.url = server().new_database() + "&password=hunter22"});
  ASSERT_OK(place);
  EXPECT_EQ(std::string::npos, (*place)->facts().place.find("hunter22"));
}

TEST(Open, UrlsThatAreNoneAreConfiguration) {
  EXPECT_EQ("config_invalid", code_of(sql::open({.url = "postgresql://u@/d?nonsense=1"})));
  EXPECT_EQ("store_unavailable", code_of(sql::open({.url = "postgresql://u@/d?host=/nowhere"})));
}

TEST(Open, EverySchemaOfADatabaseIsAStoreOfItsOwn) {
  const auto url = server().new_database();
  server().run(url, "CREATE SCHEMA one");
  server().run(url, "CREATE SCHEMA two");
  const auto one = sql::open({.url = url + "&options=-csearch_path%3Done"});
  const auto two = sql::open({.url = url + "&options=-csearch_path%3Dtwo"});
  ASSERT_OK(one);
  ASSERT_OK(two);
  ASSERT_OK(write(**one, "CREATE TABLE a (id BIGINT PRIMARY KEY)"));
  EXPECT_EQ("internal_error", code_of(read(**two, "SELECT id FROM a")));
  EXPECT_EQ("store_in_use", code_of(sql::open({.url = url + "&options=-csearch_path%3Done"})));
}

TEST(Open, SQLiteFilesAreForTheOwnerAlone) {
  const support::TemporaryFolder folder;
  const auto file = folder.path() / "store.db";
  const mode_t before = ::umask(0);
  const auto database = sql::open({.sqlite_file = file});
  ASSERT_OK(database);
  ASSERT_OK(write(**database, "CREATE TABLE a (id BIGINT PRIMARY KEY)"));
  ASSERT_OK((*database)->backup(folder.path() / "backup.db"));
  ::umask(before);
  int files = 0;
  for (const auto& each : std::filesystem::directory_iterator(folder.path())) {
    struct stat state = {};
    ASSERT_EQ(0, ::stat(each.path().c_str(), &state));
    EXPECT_EQ(0600U, state.st_mode & 07777U) << each.path();
    ++files;
  }
  EXPECT_EQ(5, files);  // the file, its log, the log's index, the lock, the backup
}

TEST(Open, AMissingFolderIsAFileError) {
  EXPECT_EQ("file_error", code_of(sql::open({.sqlite_file = "/nowhere/store.db"})));
}

}  // namespace
}  // namespace kronborg::conformance
