#include "credential/flat_json.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/json.h"

namespace kronborg::credential {
namespace {

struct Read {
  bool ok = false;
  std::vector<std::pair<std::string, std::string>> members;  ///< name, text
};

Read read(std::string_view text) {
  std::vector<std::uint8_t> scratch(text.size());
  FlatJson json(text, scratch);
  Read result;
  result.ok = json.read([&](const FlatMember& member) {
    result.members.emplace_back(member.name, member.text);
    return true;
  });
  return result;
}

TEST(FlatJson, ReadsMembersInOrder) {
  const Read got =
      read(" { \"b\" : \"x\\u00e9\\ud83e\\udd95\\/\\n\" ,\t\"\\u0061\":-1.5e+3, \"\":true }\r\n");
  ASSERT_TRUE(got.ok);
  EXPECT_EQ(got.members, (std::vector<std::pair<std::string, std::string>>{
                             {"b", "xé🦕/\n"}, {"a", "-1.5e+3"}, {"", ""}}));
}

TEST(FlatJson, RefusesWhatTheRulesRefuse) {
  for (const char* bad : {"",
                          " ",
                          "{",
                          "}",
                          "[]",
                          "1",
                          "null",
                          "{\"a\"}",
                          "{\"a\":}",
                          "{\"a\":1,}",
                          "{,}",
                          "{\"a\":1}}",
                          "{\"a\":1}x",
                          "{\"a\":1 \"b\":2}",
                          "{a:1}",
                          "{'a':1}",
                          "{\"a\":[]}",
                          "{\"a\":{}}",
                          "{\"a\":tru}",
                          "{\"a\":truex}",
                          "{\"a\":01}",
                          "{\"a\":+1}",
                          "{\"a\":1.}",
                          "{\"a\":.5}",
                          "{\"a\":1e}",
                          "{\"a\":-}",
                          "{\"a\":\"\\x\"}",
                          "{\"a\":\"\\u12g4\"}",
                          "{\"a\":\"\\ud800\"}",
                          "{\"a\":\"\\udc00\"}",
                          "{\"a\":\"\\ud800\\u0041\"}",
                          "{\"a\":\"\x01\"}",
                          "{\"a\":\"\xff\"}",
                          "{\"a\":\"x}",
                          "\xef\xbb\xbf{}",
                          "{\"a\":1,\"a\":2}",
                          "{\"a\":1,\"\\u0061\":2}",
                          "\v{}"}) {
    EXPECT_FALSE(read(bad).ok) << bad;
  }
  EXPECT_TRUE(read("{}").ok);
}

std::string many_members(int count, int repeated) {
  std::string text = "{";
  for (int i = 0; i < count; ++i) {
    text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
  }
  if (repeated >= 0) text += ",\"" + std::to_string(repeated) + "\":0";
  return text + "}";
}

TEST(FlatJson, SeesARepeatedNameAmongMany) {
  for (const int count : {2, 23, 24, 25, 26, 600}) {
    EXPECT_TRUE(read(many_members(count, -1)).ok) << count;
    EXPECT_FALSE(read(many_members(count, 0)).ok) << count;
    EXPECT_FALSE(read(many_members(count, count / 2)).ok) << count;
    EXPECT_FALSE(read(many_members(count, count - 1)).ok) << count;
  }
}

// Against the general reader of base/: the same texts are objects of scalars, with the same
// strings.
TEST(FlatJson, AgreesWithAGeneralReaderOnRandomTexts) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::vector<std::string> pieces = {
      "{",           "}", "\"a\"", "\"b\"", ":",    ",", "1",       "-0",    "1e5 ",
      "\"\\u0061\"", "[", "]",     "null",  "true", " ", "\"\\n\"", "\"é\"", "{\"a\":1"};
  int accepted = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string text = random() % 4 != 0 ? "{\"k\":" : "";
    for (std::uint32_t i = random() % 7; i > 0; --i) text += pieces[random() % pieces.size()];
    if (random() % 2 != 0) text += "}";
    const auto general = base::parse_json(text);
    bool flat = general && general->is_object();
    if (flat) {
      for (const auto& member : general->as_object()) {
        flat = flat && !member.value().is_structured();
      }
    }
    const Read got = read(text);
    ASSERT_EQ(got.ok, flat) << text;
    if (!flat) continue;
    ++accepted;
    for (const auto& [name, value] : got.members) {
      const auto* other = general->as_object().if_contains(name);
      ASSERT_NE(other, nullptr) << text;
      if (other->is_string()) {
        ASSERT_EQ(std::string_view(other->as_string()), value) << text;
      }
    }
  }
  EXPECT_GT(accepted, 100);
}

TEST(FlatInteger, TakesPlainDecimalsInRange) {
  constexpr std::uint64_t max = 18'446'744'073'709'551'615U;
  EXPECT_EQ(flat_integer("0", max), 0U);
  EXPECT_EQ(flat_integer("18446744073709551615", max), max);
  EXPECT_FALSE(flat_integer("18446744073709551616", max));
  EXPECT_FALSE(flat_integer("99999999999999999999999", max));
  EXPECT_EQ(flat_integer("255", 255), 255U);
  EXPECT_FALSE(flat_integer("256", 255));
  for (const char* bad : {"", "00", "01", "-1", "-0", "1.0", "1e3", " 1", "1 "}) {
    EXPECT_FALSE(flat_integer(bad, max)) << bad;
  }
}

}  // namespace
}  // namespace kronborg::credential
