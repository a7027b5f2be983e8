#include "base/clock.h"

#include <gtest/gtest.h>

namespace kronborg::base {
namespace {

TEST(IsoTime, ThreeDecimalsAndUtc) {
  EXPECT_EQ(iso_time(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(iso_time(1767229261007), "2026-01-01T01:01:01.007Z");
  EXPECT_EQ(iso_time(951'782'399'999), "2000-02-28T23:59:59.999Z");
  EXPECT_EQ(iso_time(-1), "1969-12-31T23:59:59.999Z");
}

// RFC 3339 section 5.8.
TEST(ParseTime, Rfc3339Examples) {
  EXPECT_EQ(parse_time("1985-04-12T23:20:50.52Z"), 482'196'050'520);
  EXPECT_EQ(parse_time("1996-12-19T16:39:57-08:00"), 851'042'397'000);
  EXPECT_EQ(parse_time("1990-12-31T23:59:60Z"), 662'688'000'000);
  EXPECT_EQ(parse_time("1990-12-31T15:59:60-08:00"), 662'688'000'000);
  EXPECT_EQ(parse_time("1937-01-01T12:00:27.87+00:20"), -1'041'337'172'130);
}

TEST(ParseTime, LowerCaseAndLongFractions) {
  EXPECT_EQ(parse_time("1970-01-01t00:00:01z"), 1000);
  EXPECT_EQ(parse_time("1970-01-01T00:00:00.123999Z"), 123);
  EXPECT_EQ(parse_time("1970-01-01T00:00:00.1Z"), 100);
}

TEST(ParseTime, RefusesEverythingElse) {
  for (const std::string_view text : {"",
                                      "1970-01-01",
                                      "1970-01-01T00:00:00",
                                      "1970-01-01 00:00:00Z",
                                      "1970-1-1T00:00:00Z",
                                      "1970-13-01T00:00:00Z",
                                      "1970-00-01T00:00:00Z",
                                      "1970-01-32T00:00:00Z",
                                      "2023-02-29T00:00:00Z",
                                      "1970-01-01T24:00:00Z",
                                      "1970-01-01T00:60:00Z",
                                      "1970-01-01T00:00:61Z",
                                      "1970-01-01T12:00:60Z",
                                      "1970-01-01T00:00:00.Z",
                                      "1970-01-01T00:00:00+24:00",
                                      "1970-01-01T00:00:00+00:60",
                                      "1970-01-01T00:00:00+0000",
                                      "1970-01-01T00:00:00Zx",
                                      " 1970-01-01T00:00:00Z",
                                      "+970-01-01T00:00:00Z",
                                      "1970-01-01T00:00:0"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
}

TEST(ParseTime, ReadsWhatIsWritten) {
  for (std::int64_t ms = -3'000'000'000'000; ms < 5'000'000'000'000; ms += 86'399'991'007) {
    EXPECT_EQ(parse_time(iso_time(ms)), ms);
  }
}

// The `1y` rows of testdata/vectors/access_keys.json, `expirations`.
TEST(OneYearLater, SameDateAndTime) {
  EXPECT_EQ(one_year_later(1767229261), 1798765261);
  EXPECT_EQ(one_year_later(1835398861), 1866934861);  // 29 February 2028
  EXPECT_EQ(one_year_later(1803862861), 1835485261);  // over 29 February 2028
  EXPECT_EQ(one_year_later(1803776461), 1835312461);
}

TEST(SystemClock, SecondsAreCutFromMilliseconds) {
  const SystemClock clock;
  const std::int64_t before = clock.now_ms();
  const std::int64_t seconds = clock.now();
  const std::int64_t after = clock.now_ms();
  EXPECT_LE(before / 1000, seconds);
  EXPECT_LE(seconds, after / 1000);
}

}  // namespace
}  // namespace kronborg::base
