#include "api/openapi.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <vector>

#include "api/addresses.h"
#include "api/embedded.h"
#include "api/openapi_part.h"

namespace kronborg::api {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 9> space_parts = {"spaces",   "invitations", "participants",
                                                         "messages", "artifacts",   "linking",
                                                         "keys",     "identity",    "oauth"};

json::object part(std::string_view name) {
  return json::parse(embedded("openapi/" + std::string(name) + ".json")).as_object();
}

/// Members of `more` behind those of `into`.
void append(json::object& into, const json::object& more) {
  for (const auto& [name, value] : more) into[name] = value;
}

using Texts = std::map<std::string, std::string, std::less<>>;

/// The operations of those documents that are there; `live` in an answer stands for the document
/// itself as its example.
json::object served(json::object discovery, const Texts& documents) {
  json::object paths;
  for (auto& [path, operations] : discovery.at("paths").as_object()) {
    const auto document = documents.find(std::string_view(path));
    if (document == documents.end()) continue;
    json::object& answer = operations.at("get").at("answers").at("200").as_object();
    if (answer.erase("live") != 0) answer["example"] = json::parse(document->second);
    paths[path] = std::move(operations);
  }
  discovery["paths"] = std::move(paths);
  return discovery;
}

/// The names of components of one kind that something in the document refers to.
void collect_references(const json::value& value, std::vector<std::string>& found) {
  if (const json::object* object = value.if_object()) {
    for (const auto& [name, member] : *object) {
      if (name == "$ref") {
        found.emplace_back(member.as_string());
      } else {
        collect_references(member, found);
      }
    }
  } else if (const json::array* array = value.if_array()) {
    for (const json::value& item : *array) collect_references(item, found);
  }
}

/// Takes away the components that nothing refers to, until each is needed by an operation.
void remove_unused(json::object& document) {
  json::object& components = document.at("components").as_object();
  for (bool removed = true; removed;) {
    removed = false;
    std::vector<std::string> references;
    collect_references(document, references);
    std::ranges::sort(references);
    for (auto& [kind, named] : components) {
      if (kind == "securitySchemes") continue;
      json::object kept;
      for (const auto& [name, component] : named.as_object()) {
        const std::string reference = "#/components/" + std::string(kind) + "/" + std::string(name);
        if (std::ranges::binary_search(references, reference)) kept[name] = component;
      }
      removed = removed || kept.size() != named.as_object().size();
      named = std::move(kept);
    }
  }
}

/// The tags that operations have, in the order of `tags`.
json::array used_tags(const json::array& tags, const json::object& paths) {
  const std::string text = json::serialize(paths);
  json::array used;
  for (const json::value& tag : tags) {
    const std::string name = json::serialize(tag.at("name"));
    if (text.find("\"tags\":[" + name + "]") != std::string::npos) used.push_back(tag);
  }
  return used;
}

}  // namespace

std::string openapi_document(const Settings& settings, const Texts& documents) {
  const json::object shared = part("shared");
  json::object document = json::parse(embedded("openapi.json")).as_object();
  // Boost makes room before it looks whether a member is there: references into an object last only
  // while there is some.
  document.reserve(document.size() + 8);
  const json::object of_management = document.at("paths").as_object();
  json::object& components = document.at("components").as_object();
  components.reserve(components.size() + 8);
  json::object paths;
  OpenApiPart writer(shared);
  if (settings.spaces_enabled) {
    document["info"] = shared.at("info");
    for (const std::string_view name : space_parts) writer.add(part(name), paths);
    append(components.at("securitySchemes").as_object(), shared.at("securitySchemes").as_object());
  }
  writer.add(part("pairing"), paths);
  writer.add(served(part("discovery"), documents), paths);
  append(paths, of_management);
  append(components.at("schemas").as_object(), shared.at("schemas").as_object());
  append(components.at("schemas").as_object(), writer.schemas());
  append(components.at("parameters").as_object(), shared.at("parameters").as_object());
  append(components.at("responses").as_object(), writer.responses());
  components["headers"] = shared.at("headers");

  document["info"].as_object()["version"] = interface_version;
  json::object server;
  server["url"] = settings.origin;
  document["servers"].emplace_array().push_back(std::move(server));
  document["tags"] = used_tags(shared.at("tags").as_array(), paths);
  document["paths"] = std::move(paths);
  remove_unused(document);
  return json::serialize(document);
}

}  // namespace kronborg::api
