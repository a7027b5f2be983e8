#include "api/schema_test.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <regex>
#include <set>

#include "base/text.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;

bool has_type(std::string_view type, const json::value& value) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_bool();
  if (type == "null") return value.is_null();
  if (type == "integer") return value.is_int64() || value.is_uint64();
  return type == "number" && value.is_number();
}

bool has_type(const json::value& type, const json::value& value) {
  if (type.is_string()) return has_type(std::string_view(type.get_string()), value);
  return std::ranges::any_of(type.as_array(),
                             [&](const json::value& one) { return has_type(one, value); });
}

const std::set<std::string_view> notes = {"description", "default", "title"};
const std::set<std::string_view> object_keywords = {"properties", "required",
                                                    "additionalProperties"};
const std::set<std::string_view> text_keywords = {"pattern", "minLength", "maxLength"};

}  // namespace

std::vector<std::string> SchemaCheck::findings(const json::value& schema,
                                               const json::value& value) {
  findings_.clear();
  check(resolved(schema).as_object(), value, "");
  return findings_;
}

const json::value& SchemaCheck::resolved(const json::value& value) const {
  const json::object* object = value.if_object();
  const json::value* ref = object == nullptr ? nullptr : object->if_contains("$ref");
  if (ref == nullptr) return value;
  return resolved(document_.at_pointer(std::string_view(ref->as_string()).substr(1)));
}

void SchemaCheck::check(const json::object& schema, const json::value& value,
                        const std::string& at) {
  for (const auto& [keyword, rule] : schema) check_keyword(keyword, rule, schema, value, at);
}

void SchemaCheck::check_keyword(std::string_view keyword, const json::value& rule,
                                const json::object& schema, const json::value& value,
                                const std::string& at) {
  if (notes.contains(keyword)) return;
  if (keyword == "$ref")
    return check(resolved(json::object{{"$ref", rule}}).as_object(), value, at);
  if (keyword == "type") {
    if (!has_type(rule, value)) found(at, "has the wrong type");
  } else if (keyword == "enum") {
    if (std::ranges::find(rule.as_array(), value) == rule.as_array().end())
      found(at, "is not in the enum");
  } else if (keyword == "allOf") {
    for (const json::value& part : rule.as_array()) check(resolved(part).as_object(), value, at);
  } else if (keyword == "oneOf") {
    const auto fitting =
        std::ranges::count_if(rule.as_array(), [&](const auto& one) { return fits(one, value); });
    if (fitting != 1) found(at, "fits " + std::to_string(fitting) + " of oneOf");
  } else if (keyword == "items") {
    if (!value.is_array()) return;
    for (const json::value& item : value.get_array())
      check(resolved(rule).as_object(), item, at + "/*");
  } else if (keyword == "maxItems") {
    if (value.is_array() && value.get_array().size() > rule.to_number<std::size_t>())
      found(at, "has too many items");
  } else if (keyword == "minimum") {
    if (value.is_number() && value.to_number<double>() < rule.to_number<double>())
      found(at, "is too small");
  } else if (keyword == "maximum") {
    if (value.is_number() && value.to_number<double>() > rule.to_number<double>())
      found(at, "is too large");
  } else if (object_keywords.contains(keyword)) {
    if (value.is_object()) check_object(keyword, rule, schema, value.get_object(), at);
  } else if (text_keywords.contains(keyword)) {
    if (value.is_string()) check_text(keyword, rule, std::string(value.get_string()), at);
  } else {
    found(at, "uses a keyword that this check does not know: " + std::string(keyword));
  }
}

void SchemaCheck::check_object(std::string_view keyword, const json::value& rule,
                               const json::object& schema, const json::object& value,
                               const std::string& at) {
  if (keyword == "required") {
    for (const json::value& name : rule.as_array()) {
      if (!value.contains(name.as_string())) found(at, "lacks " + std::string(name.as_string()));
    }
  } else if (keyword == "properties") {
    for (const auto& [name, part] : rule.as_object()) {
      if (const json::value* member = value.if_contains(name)) {
        check(resolved(part).as_object(), *member, at + "/" + std::string(name));
      }
    }
  } else {
    const json::value* const defined = schema.if_contains("properties");
    for (const auto& member : value) {
      if (defined != nullptr && defined->as_object().contains(member.key())) continue;
      if (rule.is_object()) {
        check(resolved(rule).as_object(), member.value(), at + "/" + std::string(member.key()));
      } else if (!rule.as_bool()) {
        found(at, "has the undefined member " + std::string(member.key()));
      }
    }
  }
}

void SchemaCheck::check_text(std::string_view keyword, const json::value& rule,
                             const std::string& value, const std::string& at) {
  if (keyword == "pattern") {
    if (!std::regex_search(value, std::regex(std::string(rule.as_string()))))
      found(at, "does not fit the pattern");
  } else if (keyword == "minLength") {
    if (base::scalar_count(value) < rule.to_number<std::size_t>()) found(at, "is too short");
  } else if (base::scalar_count(value) > rule.to_number<std::size_t>()) {
    found(at, "is too long");
  }
}

bool SchemaCheck::fits(const json::value& schema, const json::value& value) const {
  return SchemaCheck(document_).findings(schema, value).empty();
}

namespace {

TEST(SchemaCheck, SeesWhatDoesNotFit) {
  const json::value document =
      json::parse(R"({"components":{"schemas":{"Name":{"type":"string","maxLength":3}}}})");
  const json::value schema =
      json::parse(R"({"type":"object","required":["a"],"additionalProperties":false,
      "properties":{"a":{"$ref":"#/components/schemas/Name"},"b":{"oneOf":[{"type":"integer","minimum":1},
      {"type":"string","pattern":"^x"}]},"c":{"type":"array","maxItems":1,"items":{"enum":["y"]}}}})");
  const auto count = [&](std::string_view value) {
    return SchemaCheck(document).findings(schema, json::parse(value)).size();
  };
  EXPECT_EQ(count(R"({"a":"abc","b":"x1","c":["y"]})"), 0U);
  EXPECT_EQ(count(R"({})"), 1U);
  EXPECT_EQ(count(R"({"a":"abcd"})"), 1U);
  EXPECT_EQ(count(R"({"a":1})"), 1U);
  EXPECT_EQ(count(R"({"a":"a","b":0})"), 1U);
  EXPECT_EQ(count(R"({"a":"a","b":"y"})"), 1U);
  EXPECT_EQ(count(R"({"a":"a","c":["y","z"]})"), 2U);
  EXPECT_EQ(count(R"({"a":"a","d":1})"), 1U);
  EXPECT_EQ(count(R"([])"), 1U);
  const json::value texts =
      json::parse(R"({"type":"object","additionalProperties":{"type":"string"}})");
  EXPECT_TRUE(SchemaCheck(document).findings(texts, json::parse(R"({"a":"x"})")).empty());
  EXPECT_FALSE(SchemaCheck(document).findings(texts, json::parse(R"({"a":1})")).empty());
}

}  // namespace
}  // namespace kronborg::api
