#include "api/auth_guide.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "api/embedded.h"
#include "api/metadata.h"
#include "api/pages.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;

/// Two columns for each level; short arrays stay on their line.
std::string indented(const json::value& value, std::size_t depth) {
  const json::object* object = value.if_object();
  if (object == nullptr || object->empty()) return json::serialize(value);
  const std::string margin(2 * (depth + 1), ' ');
  std::string text = "{";
  for (const auto& [name, member] : *object) {
    text += text.size() == 1 ? "\n" : ",\n";
    text += margin + json::serialize(json::value(name)) + ": " + indented(member, depth + 1);
  }
  return text + "\n" + std::string(2 * depth, ' ') + "}";
}

}  // namespace

std::string auth_guide(const Settings& settings) {
  Blanks blanks = blanks_of(settings);
  if (settings.spaces_enabled) {
    blanks.blocks.emplace("agent_auth", indented(agent_auth(settings), 0) + "\n");
  }
  return fill(embedded("auth_guide.md"), blanks, TextForm::markdown);
}

}  // namespace kronborg::api
