#include <array>

#include "conformance/stores.h"
#include "sql/migrations.h"

namespace kronborg::conformance {
namespace {

using sql::Migration;
using sql::Text;

constexpr std::array<Text, 2> first = {"CREATE TABLE a (id BIGINT PRIMARY KEY)",
                                       "INSERT INTO a (id) VALUES (1)"};
constexpr std::array<Text, 1> second = {"ALTER TABLE a ADD COLUMN name TEXT NOT NULL DEFAULT 'x'"};
constexpr std::array<Text, 2> broken = {"CREATE TABLE b (id BIGINT PRIMARY KEY)",
                                        "INSERT INTO nowhere (id) VALUES (1)"};

class Schema : public Store {
 protected:
  bool has_table_b() { return code_of(read(database(), "SELECT count(*) FROM b")) == "ok"; }
};

KRONBORG_EVERY_STORE(Schema);

TEST_P(Schema, ANewStoreIsCreatedAndHasNoVersion) {
  EXPECT_TRUE(database().facts().created);
  EXPECT_EQ(0, database().facts().schema_version);
  // Opened again without a schema it is as new as before.
  EXPECT_TRUE(open().facts().created);
}

TEST_P(Schema, MigratingTwiceIsMigratingOnce) {
  const std::array<Migration, 2> steps = {{{1, first}, {2, second}}};
  ASSERT_OK(sql::migrate(database(), steps));
  ASSERT_OK(sql::migrate(database(), steps));
  EXPECT_EQ(2, database().facts().schema_version);
  EXPECT_EQ(1, number(open(), "SELECT count(*) FROM a WHERE name = 'x'"));
  EXPECT_FALSE(database().facts().created);
  EXPECT_EQ(2, database().facts().schema_version);
}

TEST_P(Schema, ANewVersionAddsItsSteps) {
  const std::array<Migration, 1> before = {{{1, first}}};
  const std::array<Migration, 2> after = {{{1, first}, {2, second}}};
  ASSERT_OK(sql::migrate(database(), before));
  EXPECT_EQ(1, database().facts().schema_version);
  ASSERT_OK(sql::migrate(open(), after));
  EXPECT_EQ(1, number(database(), "SELECT count(*) FROM a WHERE name = 'x'"));
}

TEST_P(Schema, AStoreFromANewerVersionIsLeftAlone) {
  const std::array<Migration, 2> newer = {{{1, first}, {2, second}}};
  const std::array<Migration, 1> older = {{{1, first}}};
  ASSERT_OK(sql::migrate(database(), newer));
  EXPECT_EQ("store_newer", code_of(sql::migrate(open(), older)));
  EXPECT_EQ(2, database().facts().schema_version);
  EXPECT_EQ(1, number(database(), "SELECT count(*) FROM a WHERE name = 'x'"));
}

TEST_P(Schema, AFailingStepChangesNothing) {
  const std::array<Migration, 2> steps = {{{1, first}, {2, broken}}};
  EXPECT_EQ("internal_error", code_of(sql::migrate(database(), steps)));
  EXPECT_EQ(1, database().facts().schema_version);
  EXPECT_FALSE(has_table_b());
  EXPECT_EQ(1, number(database(), "SELECT count(*) FROM a"));
}

TEST_P(Schema, VersionsHaveNoGap) {
  const std::array<Migration, 2> steps = {{{1, first}, {3, second}}};
  EXPECT_EQ("internal_error", code_of(sql::migrate(database(), steps)));
  EXPECT_TRUE(open().facts().created);
}

}  // namespace
}  // namespace kronborg::conformance
