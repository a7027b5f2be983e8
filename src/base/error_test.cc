#include "base/error.h"

#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "base/result.h"

namespace kronborg::base {
namespace {

constexpr Code all[] = {
#define KRONBORG_ERROR(name, status, exit_code, text, hint) Code::name,
#include "base/error_codes.def"
#undef KRONBORG_ERROR
};

TEST(ErrorTable, EveryLineIsUsable) {
  const std::regex wire("[a-z][a-z0-9_]{2,63}");
  std::set<std::string_view> names;
  for (const Code code : all) {
    const CodeFacts& row = facts(code);
    EXPECT_TRUE(std::regex_match(std::string(row.name), wire)) << row.name;
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_GE(row.http_status, 400) << row.name;
    EXPECT_LT(row.http_status, 600) << row.name;
    EXPECT_TRUE(row.exit_code >= 1 && row.exit_code <= 3) << row.name;
    EXPECT_FALSE(row.text.empty()) << row.name;
    EXPECT_FALSE(row.hint.empty()) << row.name;
    EXPECT_EQ(code_named(row.name), code);
  }
  EXPECT_FALSE(code_named("no_such_code"));
}

// docs/protocol/identity.md section 15.
TEST(ErrorTable, StatusAndExitOfTheIdentityPage) {
  for (const Code code : {Code::recovery_code_format, Code::recovery_code_wrong,
                          Code::bundle_unsupported, Code::word_count, Code::unknown_word,
                          Code::checksum, Code::not_a_key, Code::label_invalid}) {
    EXPECT_EQ(facts(code).http_status, 400) << facts(code).name;
    EXPECT_EQ(facts(code).exit_code, 1) << facts(code).name;
  }
  EXPECT_EQ(facts(Code::wrong_passphrase).http_status, 403);
  EXPECT_EQ(facts(Code::wrong_passphrase).exit_code, 3);
  EXPECT_EQ(facts(Code::identity_locked).http_status, 503);
}

TEST(Error, SaysTheTableUnlessToldMore) {
  const Error plain(Code::not_found);
  EXPECT_EQ(plain.text(), facts(Code::not_found).text);
  EXPECT_EQ(plain.next_step(), facts(Code::not_found).hint);
  const Error exact(Code::not_found, "No key 7.", "Try 8.");
  EXPECT_EQ(exact.text(), "No key 7.");
  EXPECT_EQ(exact.next_step(), "Try 8.");
}

Result<int> half(int number) {
  if (number % 2 != 0) return Error(Code::invalid_member, "odd");
  return number / 2;
}

Result<int> quarter(int number) {
  TRY(const int once, half(number));
  TRY(const int twice, half(once));
  return twice;
}

Result<void> even(int number) {
  TRY_VOID(half(number));
  return {};
}

TEST(Result, TryHandsTheErrorOn) {
  EXPECT_EQ(quarter(12).value(), 3);
  ASSERT_FALSE(quarter(6));
  EXPECT_EQ(quarter(6).error().text(), "odd");
  EXPECT_TRUE(even(2));
  EXPECT_FALSE(even(3));
}

}  // namespace
}  // namespace kronborg::base
