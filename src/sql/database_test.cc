#include "sql/database.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <stdexcept>

namespace kronborg::sql {
namespace {

TEST(U64Text, TwentyDigits) {
  EXPECT_EQ("00000000000000000000", u64_text(0));
  EXPECT_EQ("00000001753000000000", u64_text(1'753'000'000'000));
  EXPECT_EQ("18446744073709551615", u64_text(std::numeric_limits<std::uint64_t>::max()));
}

TEST(U64Text, ReadsItsOwnFormOnly) {
  EXPECT_EQ(std::numeric_limits<std::uint64_t>::max(), u64_from_text("18446744073709551615"));
  EXPECT_EQ(7U, u64_from_text("00000000000000000007"));
  for (const auto* text :
       {"", "7", "18446744073709551616", "0000000000000000000x", "000000000000000000007",
        "-0000000000000000001", "+0000000000000000001"}) {
    EXPECT_THROW(static_cast<void>(u64_from_text(text)), std::logic_error) << text;
  }
}

TEST(Text, KnowsItsParameters) {
  EXPECT_EQ(0U, Text("SELECT 1").parameters());
  EXPECT_EQ(2U, Text("SELECT $2, $1, $2").parameters());
  EXPECT_EQ(11U, Text("SELECT $1$2$3$4$5$6$7$8$9$10$11").parameters());
  EXPECT_EQ(1U, Text("SELECT '$3', 'it''s $2', $1").parameters());
}

TEST(Row, TheWrongTypeThrows) {
  const Row row({Value(), Value(true), Value("x"), Value(std::optional<int>())});
  EXPECT_TRUE(row.is_null(0));
  EXPECT_EQ(1, row.integer(1));
  EXPECT_EQ("x", row.text(2));
  EXPECT_TRUE(row.is_null(3));
  EXPECT_THROW(static_cast<void>(row.integer(0)), std::logic_error);
  EXPECT_THROW(static_cast<void>(row.text(1)), std::logic_error);
  EXPECT_THROW(static_cast<void>(row.maybe_integer(2)), std::logic_error);
  EXPECT_THROW(static_cast<void>(row.integer(4)), std::out_of_range);
}

}  // namespace
}  // namespace kronborg::sql
