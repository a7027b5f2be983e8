#include "base/json_members.h"

#include <gtest/gtest.h>

namespace kronborg::base {
namespace {

json::object object(std::string_view text) { return parse_json(text).value().get_object(); }

std::string integer(std::string_view text) {
  std::int64_t number = 0;
  return read_integer(object(text), "n", number) ? std::to_string(number) : "refused";
}

std::string plain(std::string_view text) {
  std::uint64_t number = 0;
  return read_plain_u64(object(text), "n", number) ? std::to_string(number) : "refused";
}

TEST(JsonMembers, TextsAndUnsetTexts) {
  const auto some = object(R"({"a":"x","b":null,"c":1,"d":""})");
  std::string text;
  EXPECT_TRUE(read_text(some, "a", text));
  EXPECT_EQ(text, "x");
  EXPECT_TRUE(read_text(some, "d", text));
  EXPECT_EQ(text, "");
  for (const char* const name : {"b", "c", "absent"}) EXPECT_FALSE(read_text(some, name, text));
  std::optional<std::string> optional = "before";
  EXPECT_TRUE(read_text(some, "b", optional));
  EXPECT_FALSE(optional);
  EXPECT_TRUE(read_text(some, "absent", optional));
  EXPECT_FALSE(optional);
  EXPECT_TRUE(read_text(some, "a", optional));
  EXPECT_EQ(optional, "x");
  EXPECT_FALSE(read_text(some, "c", optional));
}

TEST(JsonMembers, IntegersUpTo53Bits) {
  EXPECT_EQ(integer(R"({"n":1})"), "1");
  EXPECT_EQ(integer(R"({"n":1.0})"), "1");
  EXPECT_EQ(integer(R"({"n":-9007199254740991})"), "-9007199254740991");
  EXPECT_EQ(integer(R"({"n":9007199254740991})"), "9007199254740991");
  for (const char* const text :
       {R"({"n":9007199254740992})", R"({"n":18446744073709551615})", R"({"n":1e300})",
        R"({"n":1.5})", R"({"n":"1"})", R"({"n":true})", R"({"n":null})", R"({})"}) {
    EXPECT_EQ(integer(text), "refused") << text;
  }
}

TEST(JsonMembers, PlainIntegersOf64Bits) {
  EXPECT_EQ(plain(R"({"n":0})"), "0");
  EXPECT_EQ(plain(R"({"n":9223372036854775807})"), "9223372036854775807");
  EXPECT_EQ(plain(R"({"n":9223372036854775808})"), "9223372036854775808");
  EXPECT_EQ(plain(R"({"n":18446744073709551615})"), "18446744073709551615");
  for (const char* const text : {R"({"n":18446744073709551616})", R"({"n":-1})", R"({"n":1.0})",
                                 R"({"n":1e3})", R"({"n":"1"})", R"({"n":null})", R"({})"}) {
    EXPECT_EQ(plain(text), "refused") << text;
  }
}

TEST(JsonMembers, SortedAtEveryDepth) {
  EXPECT_EQ(
      sorted_json(parse_json(R"({"b":[{"y":1,"x":"a/b"}],"a":null,"B":{"d":1,"c":2}})").value()),
      R"({"B":{"c":2,"d":1},"a":null,"b":[{"x":"a/b","y":1}]})");
}

TEST(JsonMembers, SecretsAreSortedTooAndWiped) {
  EXPECT_EQ(secret_json({{"b", "x"}, {"a", json::array{"y"}}}).reveal(), R"({"a":["y"],"b":"x"})");
  json::value value = object(R"({"key":"secret","list":["s",{"t":"u"}],"n":1})");
  wipe_texts(value);
  const std::string zeros(6, '\0');
  EXPECT_EQ(std::string_view(value.at("key").as_string()), zeros);
  EXPECT_EQ(std::string_view(value.at("list").at(0).as_string()), zeros.substr(5));
  EXPECT_EQ(std::string_view(value.at("list").at(1).at("t").as_string()), zeros.substr(5));
  EXPECT_EQ(value.at("n"), 1);
}

}  // namespace
}  // namespace kronborg::base
