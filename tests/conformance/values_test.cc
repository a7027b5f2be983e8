#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "conformance/stores.h"

namespace kronborg::conformance {
namespace {

using sql::Value;

class Values : public Store {
 protected:
  void SetUp() override {
    Store::SetUp();
    ASSERT_OK(
        write(database(), "CREATE TABLE thing (id BIGINT PRIMARY KEY, amount BIGINT, name TEXT)"));
  }

  sql::Row stored(Value amount, Value name) {
    const auto answer = write(database(),
                              "INSERT INTO thing (id, amount, name) VALUES (1, $1, $2) "
                              "ON CONFLICT (id) DO UPDATE SET amount = $1, name = $2 RETURNING id",
                              amount, name);
    EXPECT_EQ("ok", code_of(answer)) << text_of(answer);
    open();
    const auto back = read(database(), "SELECT amount, name FROM thing WHERE id = $1", 1);
    return back->rows.at(0);
  }
};

KRONBORG_EVERY_STORE(Values);

TEST_P(Values, IntegersKeepAll64Bits) {
  using Limits = std::numeric_limits<std::int64_t>;
  for (const std::int64_t each : {Limits::min(), Limits::max(), std::int64_t{0}, std::int64_t{-1},
                                  std::int64_t{1} << 53, (std::int64_t{1} << 53) + 1}) {
    EXPECT_EQ(each, stored(each, "x").integer(0));
  }
}

TEST_P(Values, NullIsNeitherZeroNorEmpty) {
  const auto nothing = stored(std::nullopt, std::nullopt);
  EXPECT_TRUE(nothing.is_null(0));
  EXPECT_TRUE(nothing.is_null(1));
  EXPECT_EQ(std::nullopt, nothing.maybe_integer(0));
  EXPECT_EQ(std::nullopt, nothing.maybe_text(1));
  const auto empty = stored(0, "");
  EXPECT_EQ(0, empty.maybe_integer(0));
  EXPECT_EQ("", empty.maybe_text(1));
  EXPECT_EQ(1, number(database(), "SELECT count(*) FROM thing WHERE name = $1", ""));
  EXPECT_EQ(0, number(database(), "SELECT count(*) FROM thing WHERE name IS NULL"));
}

TEST_P(Values, OptionalParametersAreTheirValueOrNull) {
  EXPECT_EQ(7, stored(std::optional<std::int64_t>(7), std::optional<std::string>("s")).integer(0));
  EXPECT_TRUE(stored(std::optional<std::int64_t>(), std::optional<std::string>()).is_null(1));
  for (const std::optional<std::string>& name : {std::optional<std::string>(), {"s"}}) {
    EXPECT_EQ(name ? 0 : 1,
              number(database(), "SELECT count(*) FROM thing WHERE $1 IS NULL OR name = $1", name));
    const auto id = name ? std::optional<std::int64_t>(1) : std::nullopt;
    EXPECT_EQ(1, number(database(), "SELECT count(*) FROM thing WHERE $1 IS NULL OR id = $1", id));
  }
}

TEST_P(Values, TextsComeBackByteForByte) {
  const std::string texts[] = {
      "O'Hara \"x\" -- ; DROP TABLE thing; $1 ? \\ \\0 %_",
      "\u00e5\u00df\u6f22\U0001F600e\u0301",
      "line\nline\r\n\ttab\x01\x7f",
      std::string(5'000'000, 'x') + "end",
  };
  for (const auto& text : texts) EXPECT_EQ(text, stored(1, text).text(1));
}

TEST_P(Values, TextThatAStoreCannotHoldIsRefusedByBoth) {
  for (const auto& text :
       {std::string("a\0b", 3), std::string("\xff\xfe"), std::string("\xed\xa0\x80")}) {
    EXPECT_EQ("internal_error",
              code_of(write(database(), "INSERT INTO thing (id, name) VALUES (1, $1)", text)));
  }
  EXPECT_EQ(0, number(database(), "SELECT count(*) FROM thing"));
}

TEST_P(Values, UnsignedNumbersSortAsText) {
  const std::uint64_t numbers[] = {0,
                                   9,
                                   10,
                                   99,
                                   1'753'000'000'000,
                                   9'223'372'036'854'775'807U,
                                   9'223'372'036'854'775'808U,
                                   18'446'744'073'709'551'615U};
  std::int64_t id = 0;
  for (const auto each : numbers) {
    // Stored from the last to the first, so that the order is the store's work.
    ASSERT_OK(write(database(), "INSERT INTO thing (id, name) VALUES ($1, $2)", 100 - ++id,
                    sql::u64_text(each)));
  }
  const auto sorted = read(database(), "SELECT name FROM thing ORDER BY name");
  ASSERT_EQ(std::size(numbers), sorted->rows.size());
  for (std::size_t i = 0; i < std::size(numbers); ++i) {
    EXPECT_EQ(numbers[i], sql::u64_from_text(sorted->rows[i].text(0)));
  }
  EXPECT_EQ(2, number(database(), "SELECT count(*) FROM thing WHERE name > $1",
                      sql::u64_text(9'223'372'036'854'775'807U)));
}

TEST_P(Values, ParametersAreNumberedByTheirNumber) {
  ASSERT_OK(
      write(database(), "INSERT INTO thing (id, amount, name) VALUES ($2, $1, $3)", 5, 9, "n"));
  EXPECT_EQ(5, number(database(), "SELECT amount FROM thing WHERE id = $1", 9));
  // Used twice, and the second before the first.
  EXPECT_EQ(
      1, number(database(), "SELECT count(*) FROM thing WHERE id = $2 AND amount = $1 AND $2 > $1",
                5, 9));
  EXPECT_EQ(9, number(database(),
                      "SELECT id FROM thing WHERE amount = $2 AND amount <> $10 AND $1 < $3 AND $4 "
                      "< $5 AND $6 < $7 AND $8 < $9",
                      1, 5, 3, 4, 5, 6, 7, 8, 9, 10));
}

TEST_P(Values, AWrongNumberOfParametersIsAnError) {
  EXPECT_EQ("internal_error", code_of(read(database(), "SELECT id FROM thing WHERE id = $1")));
  EXPECT_EQ("internal_error",
            code_of(read(database(), "SELECT id FROM thing WHERE id = $1", 1, 2)));
  EXPECT_EQ("internal_error",
            code_of(read(database(), "SELECT id FROM thing; SELECT id FROM thing")));
}

TEST_P(Values, WhatTheStoreComputesHasOneType) {
  ASSERT_OK(write(
      database(),
      "INSERT INTO thing (id, amount, name) VALUES (1, 4000000000, 'a'), (2, 4000000000, 'B')"));
  EXPECT_EQ(8'000'000'000, number(database(), "SELECT sum(amount) FROM thing"));
  EXPECT_EQ(2, number(database(), "SELECT count(*) FROM thing"));
  EXPECT_EQ(1, number(database(), "SELECT amount = $1 FROM thing WHERE id = 1", 4'000'000'000));
  EXPECT_EQ(0, number(database(), "SELECT EXISTS (SELECT 1 FROM thing WHERE id = $1)", 3));
  EXPECT_EQ(1, number(database(), "SELECT length(name) FROM thing WHERE id = 2"));
  EXPECT_EQ(
      3'000'000'000,
      number(database(),
             "SELECT CASE WHEN amount > $1 THEN amount - $1 ELSE 0 END FROM thing WHERE id = 1",
             1'000'000'000));
  EXPECT_EQ(0, number(database(), "SELECT count(*) FROM thing WHERE name LIKE $1", "b%"));
  EXPECT_EQ(1, number(database(), "SELECT count(*) FROM thing WHERE name LIKE $1", "B%"));
}

TEST_P(Values, ChangedCountsRowsOfTheStatement) {
  EXPECT_EQ(3, write(database(), "INSERT INTO thing (id) VALUES (1), (2), (3)")->changed);
  EXPECT_EQ(0, write(database(), "SELECT id FROM thing")->changed);
  EXPECT_EQ(2, write(database(), "UPDATE thing SET amount = 1 WHERE id > $1", 1)->changed);
  EXPECT_EQ(0, write(database(), "UPDATE thing SET amount = 1 WHERE id > $1", 10)->changed);
  EXPECT_EQ(
      0,
      write(database(), "INSERT INTO thing (id) VALUES (1) ON CONFLICT (id) DO NOTHING")->changed);
  const auto gone = write(database(), "DELETE FROM thing WHERE id <= $1 RETURNING id", 2);
  EXPECT_EQ(2, gone->changed);
  EXPECT_EQ(2U, gone->rows.size());
  EXPECT_EQ(0, write(database(), "CREATE TABLE other (id BIGINT PRIMARY KEY)")->changed);
}

TEST_P(Values, TheWrongTypeEndsTheWorkWithAnError) {
  ASSERT_OK(write(database(), "INSERT INTO thing (id, name) VALUES (1, 'a')"));
  const auto outcome = database().read([](sql::Transaction& transaction) -> base::Result<void> {
    TRY(const auto answer, transaction("SELECT name FROM thing"));
    return answer.rows.at(0).integer(0) == 0 ? base::Result<void>() : base::Code::not_found;
  });
  EXPECT_EQ("internal_error", code_of(outcome));
}

}  // namespace
}  // namespace kronborg::conformance
