#include "base/json.h"

#include <gtest/gtest.h>

#include <limits>

namespace kronborg::base {
namespace {

Code code_of(std::string_view text) {
  const auto value = parse_json(text);
  EXPECT_FALSE(value.has_value()) << text;
  return value ? Code::internal_error : value.error().code;
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

std::string object_of(std::size_t members) {
  std::string text = "{";
  for (std::size_t i = 0; i < members; ++i) {
    text += (i == 0 ? "\"m" : ",\"m") + std::to_string(i) + "\":0";
  }
  return text + "}";
}

std::string array_of(std::size_t items) {
  std::string text = "[";
  for (std::size_t i = 0; i < items; ++i) text += i == 0 ? "0" : ",0";
  return text + "]";
}

TEST(ParseJson, KeepsEveryKindOfValue) {
  constexpr std::string_view text =
      R"({"a":[1,-2,18446744073709551615,0.5,true,false,null,"x"],"b":{},"c":[],"d":{"e":[{"f":1}]}})";
  const auto value = parse_json(text);
  ASSERT_TRUE(value);
  EXPECT_EQ(value->at("a").at(2).as_uint64(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(value->at("a").at(1).as_int64(), -2);
  EXPECT_EQ(value->at("a").at(3).as_double(), 0.5);
  EXPECT_EQ(value->at("d").at("e").at(0).at("f").as_int64(), 1);
  EXPECT_TRUE(value->at("b").as_object().empty());
  EXPECT_TRUE(value->at("c").as_array().empty());
}

TEST(ParseJson, ReadsEscapes) {
  const auto value = parse_json(" {\"\\u0069ss\\n\" : \"\\ud83e\\udd95\\u00e9\\/\\\\\\\"\"}\r\n\t");
  ASSERT_TRUE(value);
  EXPECT_EQ(value->at("iss\n").as_string(), "🦕é/\\\"");
}

TEST(ParseJson, WhatDoesNotFitInSixtyFourBitsIsNotAnInteger) {
  const auto value = parse_json("[18446744073709551616,-9223372036854775809,1.0,1e2]");
  ASSERT_TRUE(value);
  for (const auto& number : value->as_array()) EXPECT_TRUE(number.is_double()) << number;
}

TEST(ParseJson, RefusesWhatIsNotJson) {
  for (const std::string_view text : {"",           " ",
                                      "{",          "{}x",
                                      "{} {}",      "[1,]",
                                      "{\"a\":1,}", "{a:1}",
                                      "{'a':1}",    "[01]",
                                      "[1.]",       "[.5]",
                                      "[+1]",       "[-]",
                                      "[1e]",       "nul",
                                      "NaN",        "[Infinity]",
                                      "// c\n{}",   "{}/**/",
                                      "[\"\n\"]",   "[\"\t\"]",
                                      "[\"\\x\"]",  "[\"\\u12g4\"]",
                                      "[\"a]",      "\xef\xbb\xbf{}",
                                      "[1e400]",    "[-1e400]",
                                      "{\"a\"}",    "{\"a\":}",
                                      "[1 2]",      "]"}) {
    EXPECT_EQ(code_of(text), Code::invalid_json) << text;
  }
  EXPECT_EQ(code_of(std::string_view("{}\0", 3)), Code::invalid_json);
  EXPECT_EQ(code_of(std::string_view("[\"\0\"]", 5)), Code::invalid_json);
}

TEST(ParseJson, RefusesTextThatIsNotUnicode) {
  for (const std::string_view text :
       {"[\"\xff\"]", "[\"\xc3\"]", "[\"\xc0\x80\"]", "[\"\xed\xa0\x80\"]",
        "[\"\xf4\x90\x80\x80\"]", "{\"\xff\":1}", "[\"\\ud800\"]", "[\"\\udc00\"]",
        "[\"\\ud800x\"]", "[\"\\ud800\\n\"]", "[\"\\ud800\\u0041\"]", "[\"\\ud800\\ud800\"]",
        "[\"\\udc00\\ud800\"]", "{\"\\udfff\":1}"}) {
    EXPECT_EQ(code_of(text), Code::invalid_json) << text;
  }
}

TEST(ParseJson, SaysWhere) {
  const auto value = parse_json("{\"a\":1}x");
  ASSERT_FALSE(value);
  ASSERT_EQ(value.error().details.size(), 1U);
  EXPECT_EQ(value.error().details[0].name, "offset");
  EXPECT_EQ(std::get<std::int64_t>(value.error().details[0].value), 7);
}

TEST(ParseJson, ARepeatedMemberIsNamed) {
  const auto value = parse_json(R"({"l":[0,{"a/b~":{"x":1,"\u0078":2}}]})");
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, Code::duplicate_member);
  ASSERT_EQ(value.error().errors.size(), 1U);
  EXPECT_EQ(value.error().errors[0].pointer, "/l/1/a~1b~0/x");
}

TEST(ParseJson, TheSameNameInOtherObjectsIsFine) {
  EXPECT_TRUE(parse_json(R"([{"a":1},{"a":{"a":2}}])"));
  EXPECT_EQ(code_of(R"({"a":{"b":1},"a":1})"), Code::duplicate_member);
  EXPECT_EQ(code_of(R"({"":1,"":1})"), Code::duplicate_member);
}

TEST(ParseJson, LimitsHoldExactly) {
  EXPECT_TRUE(parse_json(nested(32)));
  EXPECT_EQ(code_of(nested(33)), Code::invalid_json);
  EXPECT_TRUE(parse_json(object_of(256)));
  EXPECT_EQ(code_of(object_of(257)), Code::invalid_json);
  EXPECT_TRUE(parse_json(array_of(1024)));
  EXPECT_EQ(code_of(array_of(1025)), Code::invalid_json);
  EXPECT_EQ(code_of(nested(1'000'000)), Code::invalid_json);
}

TEST(ParseJson, LimitsCanBeWider) {
  const JsonLimits wide{.depth = 40, .members = 300, .items = 2000};
  EXPECT_TRUE(parse_json(nested(40), wide));
  EXPECT_FALSE(parse_json(nested(41), wide));
  EXPECT_TRUE(parse_json(object_of(300), wide));
  EXPECT_FALSE(parse_json(object_of(301), wide));
  EXPECT_TRUE(parse_json(array_of(2000), wide));
  EXPECT_FALSE(parse_json(array_of(2001), wide));
}

TEST(CanonicalJson, SortsByBytesAtEveryDepth) {
  const json::value value{
      {"b", 1}, {"a", {{"z", nullptr}, {"Z", true}}}, {"ø", -5}, {"aa", json::array{}}};
  EXPECT_EQ(canonical_json(value), R"({"a":{"Z":true,"z":null},"aa":[],"b":1,"ø":-5})");
  EXPECT_EQ(canonical_json(json::object{}), "{}");
}

// docs/protocol/identity.md section 1, canonical JSON.
TEST(CanonicalJson, EscapesAsThePageSays) {
  const json::value value(json::string("\"\\/\b\f\n\r\t\x01\x1f\x7f ø🦕"));
  EXPECT_EQ(canonical_json(value), "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f ø🦕\"");
}

TEST(CanonicalJson, IntegersStayExact) {
  const json::value value{std::numeric_limits<std::uint64_t>::max(),
                          std::numeric_limits<std::int64_t>::min()};
  EXPECT_EQ(canonical_json(value), "[18446744073709551615,-9223372036854775808]");
}

TEST(CanonicalJson, IsReadBackAsTheSameValue) {
  const json::value value{{"k/\n", {1, "two", nullptr, false, json::object{{"x", "é"}}}}};
  const auto again = parse_json(canonical_json(value));
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, value);
}

TEST(ToText, KeepsTheOrderOfMembers) {
  json::object object;
  object["b"] = 1;
  object["a"] = "x/y";
  EXPECT_EQ(to_text(object), R"({"b":1,"a":"x/y"})");
}

}  // namespace
}  // namespace kronborg::base
